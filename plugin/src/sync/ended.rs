//! How a row ended: what is reported of it, and what is remembered.

use super::plan::converted::REFUSED;
use super::plan::{Agreed, AgreedLine, AgreedSite, Awaited, Fate, Held, Line, Part, Values};
use super::writing::Answer;
use crate::contract::halo::integration::records::Effect;
use crate::entity::Spec;
use crate::entity::company::SITE;
use crate::failure::Failure;
use crate::hubspot::objects::Unanswered;

/// A record that stands, and what was compared with it.
struct Compared {
    kind: &'static str,
    record: u64,
    values: Values,
    line: Option<Line>,
}

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
    /// What was compared, record by record.
    agreed: Vec<Compared>,
    /// HubSpot's ids of lines that are no more.
    dropped: Vec<String>,
    /// The lines, where something was written: kind, HubSpot's id and name.
    pub lines: Vec<(&'static str, String, String)>,
    /// Looked at again once one of these is in Halo.
    until: Vec<Awaited>,
    /// Looked at again at each import.
    again: bool,
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
            dropped: Vec::new(),
            lines: Vec::new(),
            until: Vec::new(),
            again: matches!(outcome, "conflict" | "failed"),
        }
    }

    /// Whether the row is looked at again, and when.
    pub fn hold(&self, chosen: bool) -> Option<Held> {
        let code = self.reason.as_ref().map(|reason| reason.code.clone());
        // Nothing tells when a field can be filled: at each import, whatever else the
        // row waits for.
        let lacks_fields = code.as_deref() == Some(REFUSED);
        let is_held = lacks_fields || self.again || !self.until.is_empty();
        is_held.then(|| Held {
            code: code.unwrap_or_default(),
            until: match lacks_fields {
                true => Vec::new(),
                false => self.until.clone(),
            },
            chosen,
        })
    }

    /// What is remembered of the row; `list` names the list of everything that it was
    /// seen in, if it was.
    pub fn remembered(&self, before: Option<&Agreed>, list: Option<u64>) -> Option<Agreed> {
        if self.agreed.is_empty() && before.is_none() {
            return None;
        }
        let mut agreed = before.cloned().unwrap_or_default();
        for compared in &self.agreed {
            let (record, values) = (compared.record, compared.values.clone());
            match &compared.line {
                Some(line) => {
                    let modified = line.modified.clone();
                    let known = AgreedLine {
                        record,
                        values,
                        modified,
                    };
                    agreed.lines.insert(line.id.clone(), known);
                }
                None if compared.kind == SITE => {
                    agreed.site = Some(AgreedSite { record, values });
                }
                None => (agreed.record, agreed.values) = (record, values),
            }
        }
        for id in &self.dropped {
            agreed.lines.remove(id);
        }
        agreed.seen = list.unwrap_or(agreed.seen);
        // Back in HubSpot, but not in its place before that is settled.
        agreed.gone = agreed
            .gone
            .filter(|_| matches!(self.outcome, "conflict" | "failed"));
        if agreed.gone.is_none() && self.is_in {
            agreed.replaced.clear();
        }
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
            Fate::Wait { until, reason } => {
                let outcome = match until.is_empty() {
                    true => "skipped",
                    false => "waiting",
                };
                Ended {
                    again: true,
                    until,
                    ..Ended::stopped(outcome, reason, kind, None)
                }
            }
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
        let (mut agreed, mut dropped) = (Vec::new(), Vec::new());
        let mut lines = Vec::new();
        for part in parts {
            if let Some(line) = &part.line {
                lines.push((part.kind, line.id.clone(), line.title.clone()));
            }
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
            match &mut shown {
                // A line is part of what it is a line of.
                Some((_, _, changed)) if part.line.is_some() => *changed |= is_changed,
                Some((_, _, changed)) if *changed || !is_changed => {}
                _ => shown = Some((part.kind, record, is_changed)),
            }
            match (record, part.agreed, part.line) {
                (Some(record), Some(values), line) => agreed.push(Compared {
                    kind: part.kind,
                    record,
                    values,
                    line,
                }),
                (_, None, Some(line)) => dropped.push(line.id),
                _ => {}
            }
        }
        let (kind, record, is_changed) = shown.unwrap_or((kind, None, false));
        if !is_changed {
            lines.clear();
        }
        match refused {
            Some(failure) => Ended {
                kind,
                lines,
                ..Ended::stopped(outcome_of(&failure), failure, kind, record)
            },
            None => Ended {
                outcome: if is_changed { "written" } else { "unchanged" },
                reason: note,
                kind,
                record,
                is_in: true,
                agreed,
                dropped,
                lines,
                until: Vec::new(),
                again: false,
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
