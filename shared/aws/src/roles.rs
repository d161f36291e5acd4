//! What a role grants: the policies that are written into it, and those that are attached to it.

use aws_sdk_iam::Client;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use guard_core::doctor::Known;
use guard_core::port::chain;
use percent_encoding::percent_decode_str;

/// Asks IAM about roles.
#[derive(Debug)]
pub(crate) struct Roles(Client);

fn refused<E: std::error::Error + ProvideErrorMetadata + 'static, R>(call: &str) -> impl Fn(SdkError<E, R>) -> String
where
    R: std::fmt::Debug + 'static,
{
    move |error| match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some(code) => format!("{call}: {code}"),
        None => format!("{call}: {}", chain(&error)),
    }
}

impl Roles {
    pub(crate) fn new(config: &aws_config::SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// Its policies as JSON texts, by the role's ARN.
    pub(crate) async fn policies(&self, arn: &str) -> Known<Vec<String>> {
        let role = arn.rsplit('/').next().unwrap_or_default();
        let mut policies = self.written(role).await?;
        policies.extend(self.attached(role).await?);
        Ok(policies)
    }

    async fn written(&self, role: &str) -> Known<Vec<String>> {
        let mut policies = Vec::new();
        let mut pages = self.0.list_role_policies().role_name(role).into_paginator().send();
        while let Some(page) = pages.next().await {
            for name in page.map_err(refused("iam:ListRolePolicies"))?.policy_names() {
                let answer = self.0.get_role_policy().role_name(role).policy_name(name).send().await;
                policies.push(decoded(answer.map_err(refused("iam:GetRolePolicy"))?.policy_document()));
            }
        }
        Ok(policies)
    }

    async fn attached(&self, role: &str) -> Known<Vec<String>> {
        let mut policies = Vec::new();
        let mut pages = self.0.list_attached_role_policies().role_name(role).into_paginator().send();
        while let Some(page) = pages.next().await {
            for one in page.map_err(refused("iam:ListAttachedRolePolicies"))?.attached_policies() {
                let arn = one.policy_arn().unwrap_or_default();
                let policy = self.0.get_policy().policy_arn(arn).send().await.map_err(refused("iam:GetPolicy"))?;
                let version = policy.policy().and_then(|policy| policy.default_version_id()).unwrap_or_default();
                let answer = self.0.get_policy_version().policy_arn(arn).version_id(version).send().await;
                let answer = answer.map_err(refused("iam:GetPolicyVersion"))?;
                policies
                    .push(decoded(answer.policy_version().and_then(|version| version.document()).unwrap_or_default()));
            }
        }
        Ok(policies)
    }
}

/// IAM hands documents out as RFC 3986 has them in a URL. What is no such text stays as it is.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_as_it_was_written() {
        for (handed_out, written) in [
            ("%7B%22Statement%22%3A%20%5B%5D%7D", r#"{"Statement": []}"#),
            (r#"{"Statement": []}"#, r#"{"Statement": []}"#),
            ("%c3%a9", "é"),
            ("100%", "100%"),
            ("%2", "%2"),
            ("%zz+", "%zz+"),
        ] {
            assert_eq!(decoded(handed_out), written);
        }
    }
}
