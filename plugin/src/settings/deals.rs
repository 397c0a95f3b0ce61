//! `/deals`: what deals become.

use serde::Deserialize;

use super::FieldRow;
use super::deleted::OfDeal;
use crate::field::convert::Records;
pub use crate::field::convert::Unmapped;

/// `/deals`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Deals {
    /// Halo's id of the ticket type of new tickets (S50).
    pub ticket_type: Option<u64>,
    /// Make tickets of new open deals without a person who chooses them (A17).
    pub create: bool,
    /// Which status each stage is (S51).
    pub stages: Vec<StagePair>,
    /// What becomes of the status of a deal whose stage has no row.
    pub unmapped_stages: Unmapped,
    /// The status of stages without a row.
    pub default_status: Option<u64>,
    /// Which agent each owner is (S51).
    pub owners: Vec<OwnerPair>,
    /// What becomes of the agent of a deal whose owner has no row.
    pub unmapped_owners: Unmapped,
    /// The agent of owners without a row.
    pub default_agent: Option<u64>,
    /// What becomes of the ticket of a deal that was deleted (S59, A15).
    pub deleted: OfDeal,
    /// The field mappings.
    pub fields: Vec<FieldRow>,
}

/// A stage of a pipeline, and the status that it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StagePair {
    /// HubSpot's id of the pipeline; two pipelines may have a stage of one name.
    pub pipeline: String,
    /// HubSpot's id of the stage.
    pub stage: String,
    /// Halo's id.
    pub status: u64,
}

/// An owner, and the agent that they are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OwnerPair {
    /// HubSpot's id of the owner.
    pub owner: String,
    /// Halo's id.
    pub agent: u64,
}

/// What mends a stage that has no row.
pub const STAGES_MEND: &str = "add it to stages, or set default-status or unmapped-stages";
/// What mends an owner who has no row.
pub const OWNERS_MEND: &str = "add it to owners, or set default-agent or unmapped-owners";

/// One name for a stage of a pipeline. No id of HubSpot has a slash.
pub fn stage_key(pipeline: &str, stage: &str) -> String {
    format!("{pipeline}/{stage}")
}

impl Deals {
    /// Whether open deals become tickets without a person who chooses them.
    pub fn come_unasked(&self) -> bool {
        self.create && self.ticket_type.is_some()
    }

    /// By [`stage_key`]: statuses. Nothing where no stage is mapped at all: then the
    /// status is Halo's own affair.
    pub fn statuses(&self) -> Option<Records> {
        let pairs = self.stages.iter();
        records(
            pairs.map(|pair| (stage_key(&pair.pipeline, &pair.stage), pair.status)),
            (self.default_status, self.unmapped_stages),
            STAGES_MEND,
        )
    }

    /// By owner: agents.
    pub fn agents(&self) -> Option<Records> {
        let pairs = self.owners.iter();
        records(
            pairs.map(|pair| (pair.owner.clone(), pair.agent)),
            (self.default_agent, self.unmapped_owners),
            OWNERS_MEND,
        )
    }
}

fn records(
    pairs: impl Iterator<Item = (String, u64)>,
    (other, unmapped): (Option<u64>, Unmapped),
    mend: &str,
) -> Option<Records> {
    let keeps = unmapped == Unmapped::Keep;
    let records = Records {
        pairs: pairs.collect(),
        // Where the two contradict each other, the one that writes less.
        other: other.filter(|_| !keeps),
        keeps,
        mend: mend.to_owned(),
    };
    (!records.pairs.is_empty() || records.other.is_some()).then_some(records)
}
