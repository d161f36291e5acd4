//! The words for sets that are not heard, and for what was done about it.

use super::letterhead::Section;
use super::words::{Urgency, Words};
use crate::audit::AuditRecord;
use crate::hearing::Finding;

pub(super) fn unheard(record: &AuditRecord) -> Words {
    let finding: Option<Finding> = record.evidence.clone().and_then(|evidence| serde_json::from_value(evidence).ok());
    Words {
        subject: "not heard:",
        detail_type: "Configuration Set Unheard",
        urgency: Urgency::Act,
        section: Section::Enrolling,
        done: "nothing; the configuration set may send, and the guard will not see what comes of it.".to_owned(),
        next: finding.map_or_else(|| format!("ses-guard status {}", record.set.name), |finding| finding.remedy),
    }
}

pub(super) fn heard_again() -> Words {
    Words {
        subject: "heard again:",
        detail_type: "Configuration Set Heard",
        urgency: Urgency::Fine,
        section: Section::Enrolling,
        done: "counts its mail from now on. What was sent meanwhile is counted in no way.".to_owned(),
        next: "nothing.".to_owned(),
    }
}

pub(super) fn enrolled(name: &str) -> Words {
    Words {
        subject: "enrolled",
        detail_type: "Configuration Set Enrolled",
        urgency: Urgency::Fine,
        section: Section::Enrolling,
        done: "counts its mail from now on. It changed nothing that was there.".to_owned(),
        next: format!(
            "nothing, if the guard is to watch it. Else delete that event destination and deploy with EnrolNewSets=off; \
             see: ses-guard history {name}"
        ),
    }
}

pub(super) fn many_unheard() -> Words {
    Words {
        subject: "configuration sets unheard or enrolled in account",
        detail_type: "Configuration Set Unheard",
        urgency: Urgency::Act,
        section: Section::Enrolling,
        done: "nothing about those that are not heard; they may send, and the guard will not see what comes of it."
            .to_owned(),
        next:
            "see which (ses-guard list --unheard), then: ses-guard enrol --plan enrol.jsonl, read it, and: ses-guard \
               enrol --apply enrol.jsonl"
                .to_owned(),
    }
}

pub(super) fn sets_near_limit() -> Words {
    Words {
        subject: "few configuration sets left in account",
        detail_type: "Account At Risk",
        urgency: Urgency::Look,
        section: Section::Reading,
        done: "nothing; it goes on watching all of them.".to_owned(),
        next:
            "delete configuration sets that nobody sends with, or let new tenants share one: AWS does not raise this \
               quota."
                .to_owned(),
    }
}
