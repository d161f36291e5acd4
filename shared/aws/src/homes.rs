use std::collections::BTreeMap;

use aws_config::identity::IdentityCache;
use aws_config::sts::AssumeRoleProvider;
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use guard_core::home::{Home, Homes};
use guard_core::name::Region;

use crate::Clients;

/// The clients of one function in each guarded home. In the stack's own home it is itself; in each other one it assumes a
/// role that `member.yaml` made there.
#[derive(Debug, Clone)]
pub struct HomeClients(BTreeMap<Home, Clients>);

/// A role of `member.yaml`. Only those who turn switches may assume the one that may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberRole {
    /// Reads how a configuration set and an alarm stand.
    Look,
    /// Reads how a configuration set stands, and turns its switch.
    Switch,
}

impl MemberRole {
    /// Roles are an account's and the rest is a Region's, so that the name holds the Region.
    fn arn(self, home: &Home) -> String {
        let name = match self {
            Self::Look => "ses-reputation-guard-look",
            Self::Switch => "ses-reputation-guard-switch",
        };
        let Home { account, region } = home;
        format!("arn:{}:iam::{account}:role/{name}-{region}", partition(region))
    }
}

impl HomeClients {
    /// The clients of these homes, whose calls bear the name of this session. Credentials are fetched with the first call
    /// that needs them, kept, and renewed before they expire; whoever may not have them fails with each call to that
    /// home, and with no other.
    pub async fn new(own: &Clients, homes: &Homes, role: MemberRole, session: &str) -> Self {
        let mut clients = BTreeMap::from([(homes.own().clone(), own.clone())]);
        for home in homes.others() {
            let assumed = AssumeRoleProvider::builder(role.arn(home))
                .external_id(homes.own().to_string())
                .session_name(session)
                .configure(own.config());
            let config = own.config().clone().into_builder();
            let config = config
                .region(aws_config::Region::new(String::from(home.region.clone())))
                .credentials_provider(SharedCredentialsProvider::new(assumed.build().await))
                .identity_cache(IdentityCache::lazy().build());
            clients.insert(home.clone(), Clients::of(config.build()));
        }
        Self(clients)
    }

    /// One of a kind for each home.
    pub fn each<T>(&self, make: impl Fn(&Clients) -> T) -> BTreeMap<Home, T> {
        self.0.iter().map(|(home, clients)| (home.clone(), make(clients))).collect()
    }
}

/// The partition that a Region is in. A role can be assumed within its partition only.
pub(crate) fn partition(region: &Region) -> &'static str {
    const PARTITIONS: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("eu-isoe-", "aws-iso-e"),
        ("eusc-", "aws-eusc"),
    ];
    let mut known = PARTITIONS.iter();
    known.find(|(prefix, _)| region.as_str().starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_named_by_its_account_region_and_partition() {
        for (home, role, arn) in [
            (
                "444455556666/us-east-1",
                MemberRole::Switch,
                "arn:aws:iam::444455556666:role/ses-reputation-guard-switch-us-east-1",
            ),
            (
                "444455556666/eu-west-1",
                MemberRole::Look,
                "arn:aws:iam::444455556666:role/ses-reputation-guard-look-eu-west-1",
            ),
            (
                "444455556666/us-gov-west-1",
                MemberRole::Look,
                "arn:aws-us-gov:iam::444455556666:role/ses-reputation-guard-look-us-gov-west-1",
            ),
            (
                "444455556666/cn-north-1",
                MemberRole::Look,
                "arn:aws-cn:iam::444455556666:role/ses-reputation-guard-look-cn-north-1",
            ),
        ] {
            assert_eq!(role.arn(&home.parse().unwrap()), arn);
            assert!(arn.rsplit('/').next().unwrap().len() <= 64, "IAM's limit");
        }
    }
}
