//! How a row ended: what is reported of it, and what is remembered.

use super::plan::{Agreed, AgreedSite, Awaited, Fate, Held, Part, Values};
use super::writing::Answer;
use crate::contract::halo::integration::records::Effect;
use crate::entity::Spec;
use crate::entity::company::SITE;
use crate::failure::Failure;
use crate::hubspot::objects::Unanswered;

/// How a row ended.
pub struct Ended {
    /// `written`, `unchanged`, `skipped`, `waiting`, `conflict` or `failed`.
    pub outcome: &'static str,
    /// Why, or what a person should know all the same.
    pub reason: Option<Failure>,
    /// Of the record that is shown with it.
    pub kind: &'static str,
    /// That record.
    pub record: Option<u64>,
    /// Whether all of it stands.
    pub is_in: bool,
    /// By kind: the record, and what was compared with it.
    agreed: Vec<(&'static str, u64, Values)>,
    /// Looked at again once this is in Halo.
    until: Option<Awaited>,
}

impl Ended {
    /// Not imported.
    pub fn stopped(
        outcome: &'static str,
        reason: Failure,
        kind: &'static str,
        record: Option<u64>,
    ) -> Ended {
        Ended {
            outcome,
            reason: Some(reason),
            kind,
            record,
            is_in: false,
            agreed: Vec::new(),
            until: None,
        }
    }

    /// Whether the row is looked at again, and when.
    pub fn hold(&self) -> Option<Held> {
        let is_held = self.until.is_some() || matches!(self.outcome, "conflict" | "failed");
        let code = self.reason.as_ref().map(|reason| reason.code.clone());
        is_held.then(|| Held {
            code: code.unwrap_or_default(),
            until: self.until.clone(),
        })
    }

    /// What is remembered of the row; `list` names the list of everything that it was
    /// seen in, if it was.
    pub fn remembered(&self, before: Option<&Agreed>, list: Option<u64>) -> Option<Agreed> {
        if self.agreed.is_empty() && before.is_none() {
            return None;
        }
        let mut agreed = before.cloned().unwrap_or_default();
        for (kind, record, values) in &self.agreed {
            let (record, values) = (*record, values.clone());
            if *kind == SITE {
                agreed.site = Some(AgreedSite { record, values });
            } else {
                agreed.record = record;
                agreed.values = values;
            }
        }
        agreed.seen = list.unwrap_or(agreed.seen);
        // Back in HubSpot, but not in its place before that is settled.
        agreed.gone = agreed
            .gone
            .filter(|_| matches!(self.outcome, "conflict" | "failed"));
        Some(agreed)
    }

    /// Asked for in vain.
    pub fn unanswered(unanswered: &Unanswered, spec: &Spec) -> Ended {
        match &unanswered.refused {
            Some(why) => {
                let message = format!("HubSpot could not answer it: {why}");
                Ended::stopped("failed", Failure::new("remote", message), spec.kind, None)
            }
            None => Ended::not_in_hubspot(spec),
        }
    }

    /// HubSpot does not have it.
    pub fn not_in_hubspot(spec: &Spec) -> Ended {
        let reason = Failure::new(
            "not-found",
            format!(
                "HubSpot has no such {}; it may have been deleted or merged.",
                spec.one
            ),
        );
        Ended::stopped("skipped", reason, spec.kind, None)
    }

    /// Takes the answers to the row's writes from `written`.
    pub fn of(
        fate: Fate,
        kind: &'static str,
        written: &mut impl Iterator<Item = Answer>,
        was_tried: impl Fn(&'static str) -> bool,
    ) -> Ended {
        match fate {
            Fate::Stop {
                outcome,
                reason,
                record,
            } => Ended::stopped(outcome, reason, kind, record),
            Fate::Wait { until, reason } => Ended {
                until: Some(until),
                ..Ended::stopped("waiting", reason, kind, None)
            },
            Fate::Goes { parts, note, until } => Ended {
                until,
                ..Ended::went(parts, kind, note, written, was_tried)
            },
        }
    }

    fn went(
        parts: Vec<Part>,
        kind: &'static str,
        note: Option<Failure>,
        written: &mut impl Iterator<Item = Answer>,
        was_tried: impl Fn(&'static str) -> bool,
    ) -> Ended {
        // The object's own record is shown, or another one if only that was changed.
        let mut shown: Option<(&'static str, Option<u64>, bool)> = None;
        let mut refused = None;
        let mut agreed = Vec::new();
        for part in parts {
            let answer = part.row.and_then(|_| written.next());
            let is_changed = match &answer {
                Some(Ok(written)) => written.effect != Effect::Unchanged,
                Some(Err(_)) => false,
                // Without its answer it was written before.
                None => was_tried(part.kind),
            };
            let record = match answer {
                Some(Ok(written)) => Some(written.id),
                Some(Err(failure)) => {
                    refused.get_or_insert(failure);
                    part.record
                }
                None => part.record,
            };
            if shown.is_none_or(|(_, _, changed)| is_changed && !changed) {
                shown = Some((part.kind, record, is_changed));
            }
            if let (Some(record), Some(values)) = (record, part.agreed) {
                agreed.push((part.kind, record, values));
            }
        }
        let (kind, record, is_changed) = shown.unwrap_or((kind, None, false));
        match refused {
            Some(failure) => Ended {
                kind,
                ..Ended::stopped(outcome_of(&failure), failure, kind, record)
            },
            None => Ended {
                outcome: if is_changed { "written" } else { "unchanged" },
                reason: note,
                kind,
                record,
                is_in: true,
                agreed,
                until: None,
            },
        }
    }
}

/// A row that someone else changed meanwhile, or whose key is taken, is a conflict;
/// anything else a failure. Both are tried again at the next import.
fn outcome_of(failure: &Failure) -> &'static str {
    match failure.code.as_str() {
        "conflict" | "key-taken" => "conflict",
        _ => "failed",
    }
}
