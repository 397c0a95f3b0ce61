//! Problems of the settings of deals: the ticket type, and the tables of stages and
//! owners, each with its row (S50, S51).

use std::collections::BTreeMap;

use super::problem;
use crate::contract::exports::halo::integration::connector::{Problem, Severity};
use crate::contract::halo::integration::records;
use crate::entity::deal::SPEC;
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::owners::{self, Owner};
use crate::hubspot::pipelines::{self, Pipeline};
use crate::patience::insist;
use crate::settings::Deals;
use crate::settings::deals::Unmapped;

/// Whether an import of deals may start (S50). Nothing is wrong yet with settings that
/// say nothing of deals.
pub fn may_import(deals: &Deals) -> Result<(), Failure> {
    if deals.ticket_type.is_some() {
        return Ok(());
    }
    let failure = match *deals == Deals::default() {
        true => Failure::not_set_up,
        false => Failure::setting,
    };
    Err(failure(
        "/deals/ticket-type",
        "New tickets need a ticket type; choose one of Halo's (ticket-type).".to_owned(),
    ))
}

fn wrong(path: &str, code: &str, message: String) -> Problem {
    problem(&format!("/deals/{path}"), Severity::Error, code, message)
}

/// Settings of which only one can hold.
pub(super) fn contradictions(deals: &Deals) -> Vec<Problem> {
    let stages = (deals.unmapped_stages, deals.default_status);
    let owners = (deals.unmapped_owners, deals.default_agent);
    [
        ("unmapped-stages", "default-status", stages),
        ("unmapped-owners", "default-agent", owners),
    ]
    .into_iter()
    .filter(|(.., (unmapped, default))| *unmapped == Unmapped::Keep && default.is_some())
    .map(|(option, default, _)| {
        let message = format!(
            "{default} is for all that has no row, so that nothing is left for {option}; remove one of the two."
        );
        wrong(option, "contradiction", message)
    })
    .collect()
}

/// Stages and owners that are named twice.
pub(super) fn repeated(deals: &Deals) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut stages = BTreeMap::new();
    for (index, pair) in deals.stages.iter().enumerate() {
        if let Some(first) = stages.insert((&pair.pipeline, &pair.stage), index) {
            let message = format!(
                "Stage {:?} of pipeline {:?} is already in row {first}; remove one of them.",
                pair.stage, pair.pipeline
            );
            problems.push(wrong(
                &format!("stages/{index}/stage"),
                "mapped-twice",
                message,
            ));
        }
    }
    let mut owners = BTreeMap::new();
    for (index, pair) in deals.owners.iter().enumerate() {
        if let Some(first) = owners.insert(&pair.owner, index) {
            let message = format!(
                "Owner {} is already in row {first}; remove one of them.",
                pair.owner
            );
            problems.push(wrong(
                &format!("owners/{index}/owner"),
                "mapped-twice",
                message,
            ));
        }
    }
    problems
}

/// Records that Halo does not have.
pub(super) fn missing_records(deals: &Deals) -> Result<Vec<Problem>, Failure> {
    const BATCH: usize = 1_000;
    let stages = deals.stages.iter().enumerate();
    let owners = deals.owners.iter().enumerate();
    let statuses = stages
        .map(|(index, pair)| (format!("stages/{index}/status"), pair.status))
        .chain(
            deals
                .default_status
                .map(|id| ("default-status".to_owned(), id)),
        );
    let agents = owners
        .map(|(index, pair)| (format!("owners/{index}/agent"), pair.agent))
        .chain(
            deals
                .default_agent
                .map(|id| ("default-agent".to_owned(), id)),
        );
    let types = deals.ticket_type.map(|id| ("ticket-type".to_owned(), id));
    let mut problems = Vec::new();
    for (kind, label, named) in [
        ("ticket-type", "ticket type", types.into_iter().collect()),
        ("status", "status", statuses.collect::<Vec<_>>()),
        ("agent", "agent", agents.collect::<Vec<_>>()),
    ] {
        let named: Vec<(String, u64)> = named;
        for named in named.chunks(BATCH) {
            let ids: Vec<u64> = named.iter().map(|(_, id)| *id).collect();
            let found = insist(|| records::read(kind, &ids, &[]))?;
            for ((path, id), _) in named.iter().zip(found).filter(|(_, found)| found.is_none()) {
                let message = format!("Halo has no {label} {id}; choose another.");
                problems.push(wrong(path, "not-found", message));
            }
        }
    }
    Ok(problems)
}

/// Pipelines, stages and owners that the account does not have.
pub(super) fn of_account(client: &mut Client, deals: &Deals) -> Result<Vec<Problem>, Trouble> {
    let mut problems = Vec::new();
    if !deals.stages.is_empty() {
        let known = pipelines::load(client, SPEC.objects)?;
        problems.extend(unknown_stages(deals, &known));
    }
    if !deals.owners.is_empty() {
        let known = owners::load(client)?;
        problems.extend(unknown_owners(deals, &known));
    }
    Ok(problems)
}

fn unknown_stages(deals: &Deals, known: &[Pipeline]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, pair) in deals.stages.iter().enumerate() {
        let pipelines = known.iter().map(|known| (&*known.id, &*known.label));
        let Some(pipeline) = known.iter().find(|known| known.id == pair.pipeline) else {
            let message = unknown("The account has no pipeline", &pair.pipeline, pipelines);
            problems.push(wrong(
                &format!("stages/{index}/pipeline"),
                "unknown-stage",
                message,
            ));
            continue;
        };
        let stages = || {
            pipeline
                .stages
                .iter()
                .map(|known| (&*known.id, &*known.label))
        };
        if !stages().any(|(id, _)| id == pair.stage) {
            let what = format!("The pipeline {:?} has no stage", pipeline.label);
            let message = unknown(&what, &pair.stage, stages());
            problems.push(wrong(
                &format!("stages/{index}/stage"),
                "unknown-stage",
                message,
            ));
        }
    }
    problems
}

/// A sentence about an unknown id; people often write what they read.
fn unknown<'a>(what: &str, id: &str, known: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let known: Vec<(&str, &str)> = known.collect();
    if let Some((own, _)) = known.iter().find(|(_, label)| *label == id) {
        return format!("{id:?} is a label; write its id {own:?}.");
    }
    let shown: Vec<String> = known
        .iter()
        .map(|(id, label)| format!("{id} ({label})"))
        .collect();
    format!("{what} {id:?}; it has {}.", shown.join(", "))
}

fn unknown_owners(deals: &Deals, known: &[Owner]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, pair) in deals.owners.iter().enumerate() {
        let path = format!("owners/{index}/owner");
        let found = known.iter().filter(|known| known.id == pair.owner);
        // Somebody who came back may be in both lists.
        match found.min_by_key(|owner| owner.archived) {
            // Deals keep an owner who has left, so the row may be needed all the same.
            Some(owner) if owner.archived => {
                let message = format!(
                    "{} has left the account; the row still holds for deals that keep this owner.",
                    owner.name()
                );
                let path = format!("/deals/{path}");
                problems.push(problem(&path, Severity::Warning, "archived", message));
            }
            Some(_) => {}
            None => {
                let by_address = known.iter().find(|known| {
                    known.name() == pair.owner || known.email.as_deref() == Some(&pair.owner)
                });
                let message = match by_address {
                    Some(owner) => format!(
                        "{:?} is no id; write the owner's id {:?}.",
                        pair.owner, owner.id
                    ),
                    None => format!(
                        "The account has no owner {:?}. Correct or remove the row.",
                        pair.owner
                    ),
                };
                problems.push(wrong(&path, "unknown-owner", message));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot::pipelines::Stage;
    use crate::settings::deals::{OwnerPair, StagePair};

    fn told(problems: &[Problem]) -> Vec<String> {
        problems
            .iter()
            .map(|problem| {
                let path = problem.path.trim_start_matches("/deals/");
                format!("{path} {}", problem.code)
            })
            .collect()
    }

    fn deals(stages: &[(&str, &str)], owners: &[&str]) -> Deals {
        Deals {
            stages: stages
                .iter()
                .map(|(pipeline, stage)| StagePair {
                    pipeline: (*pipeline).to_owned(),
                    stage: (*stage).to_owned(),
                    status: 1,
                })
                .collect(),
            owners: owners
                .iter()
                .map(|owner| OwnerPair {
                    owner: (*owner).to_owned(),
                    agent: 1,
                })
                .collect(),
            ..Deals::default()
        }
    }

    #[test]
    fn s50_the_ticket_type_is_missed_by_settings_that_speak_of_deals() {
        let code = |deals: &Deals| may_import(deals).err().map(|failure| failure.code);
        assert_eq!(code(&Deals::default()).as_deref(), Some("not-set-up"));
        let speaks = deals(&[("p", "s")], &[]);
        assert_eq!(code(&speaks).as_deref(), Some("settings"));
        let with_type = Deals {
            ticket_type: Some(1),
            ..Deals::default()
        };
        assert_eq!(code(&with_type), None);
    }

    #[test]
    fn s51_rows_that_are_named_twice_are_found() {
        let found = repeated(&deals(&[("p", "s"), ("q", "s"), ("p", "s")], &["1", "1"]));
        assert_eq!(
            told(&found),
            ["stages/2/stage mapped-twice", "owners/1/owner mapped-twice"]
        );
    }

    #[test]
    fn s51_a_default_and_keep_contradict_each_other() {
        let found = contradictions(&Deals {
            unmapped_owners: Unmapped::Keep,
            default_agent: Some(1),
            unmapped_stages: Unmapped::Keep,
            ..Deals::default()
        });
        assert_eq!(told(&found), ["unmapped-owners contradiction"]);
    }

    #[test]
    fn s51_stages_of_the_account_are_known_by_pipeline_and_labels_are_recognised() {
        let known = [Pipeline {
            id: "p".to_owned(),
            label: "Sales".to_owned(),
            stages: vec![Stage::with("s", "false")],
        }];
        let deals = deals(&[("p", "s"), ("q", "s"), ("p", "t"), ("p", "S")], &[]);
        let found = unknown_stages(&deals, &known);
        assert_eq!(
            told(&found),
            [
                "stages/1/pipeline unknown-stage",
                "stages/2/stage unknown-stage",
                "stages/3/stage unknown-stage"
            ]
        );
        assert!(found[2].message.contains("write its id \"s\""));
    }

    #[test]
    fn s51_owners_who_have_left_are_named_as_such() {
        let owner = |text: &str| serde_json::from_str::<Owner>(text).unwrap();
        let known = [
            owner(r#"{"id":"1","email":"a@b.example"}"#),
            owner(r#"{"id":"2","firstName":"Bo","archived":true}"#),
        ];
        let found = unknown_owners(&deals(&[], &["1", "2", "3", "a@b.example"]), &known);
        assert_eq!(
            told(&found),
            [
                "owners/1/owner archived",
                "owners/2/owner unknown-owner",
                "owners/3/owner unknown-owner"
            ]
        );
        assert!(found[0].message.starts_with("Bo has left"));
        assert!(found[2].message.contains("id \"1\""));
    }
}
