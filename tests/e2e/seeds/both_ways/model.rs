//! What a field that goes both ways may be, after edits on both sides and exchanges of
//! which nobody knows how far they came: all that is possible, followed side by side.

use std::collections::BTreeSet;

/// One way in which it may stand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    halo: String,
    hubspot: String,
    /// HubSpot's value as of the last comparison.
    agreed: String,
}

/// A field of a record and its object.
#[derive(Clone, Debug)]
pub struct Field {
    may_be: BTreeSet<Standing>,
    /// Edits in Halo and in HubSpot since both were quiet.
    pub edits: (u64, u64),
}

impl Field {
    /// Of what was just made on one side.
    pub fn new(value: &str, in_halo: bool) -> Field {
        let (halo, hubspot) = match in_halo {
            true => (value, ""),
            false => ("", value),
        };
        let standing = Standing {
            halo: halo.to_owned(),
            hubspot: hubspot.to_owned(),
            agreed: String::new(),
        };
        Field {
            may_be: BTreeSet::from([standing]),
            edits: (u64::from(in_halo), u64::from(!in_halo)),
        }
    }

    fn each(&mut self, change: impl Fn(&mut Standing)) {
        let all = std::mem::take(&mut self.may_be).into_iter();
        self.may_be = all
            .map(|mut standing| {
                change(&mut standing);
                standing
            })
            .collect();
    }

    /// People in Halo edit it.
    pub fn edit_halo(&mut self, value: &str) {
        self.edits.0 += 1;
        self.each(|standing| standing.halo = value.to_owned());
    }

    /// People in HubSpot edit it.
    pub fn edit_hubspot(&mut self, value: &str) {
        self.edits.1 += 1;
        self.each(|standing| standing.hubspot = value.to_owned());
    }

    /// A push or an import; one that was disturbed may have come to this field or not.
    pub fn exchanged(&mut self, pushed: bool, halo_wins: bool, disturbed: bool) {
        let before = self.may_be.clone();
        self.each(|standing| match pushed {
            true => standing.push(halo_wins),
            false => standing.import(halo_wins),
        });
        if disturbed {
            self.may_be.extend(before);
        }
    }

    /// Both sides are quiet and hold this; fails with what they may hold.
    pub fn settle(&mut self, halo: &str, hubspot: &str) -> Result<(), String> {
        let found = self
            .may_be
            .iter()
            .find(|standing| standing.halo == halo && standing.hubspot == hubspot);
        let Some(found) = found.cloned() else {
            return Err(format!(
                "Halo has {halo:?}, HubSpot {hubspot:?}, it may be {:?}",
                self.may_be
            ));
        };
        self.may_be = BTreeSet::from([found]);
        self.edits = (0, 0);
        Ok(())
    }
}

impl Standing {
    fn push(&mut self, halo_wins: bool) {
        // What was emptied there takes nothing of Halo's own, so it does not win either.
        let comes = self.hubspot != self.agreed && !self.hubspot.is_empty();
        let is_conflict = comes && !halo_wins;
        if self.halo != self.agreed && !is_conflict {
            self.hubspot.clone_from(&self.halo);
        }
        if self.halo == self.hubspot {
            self.agreed.clone_from(&self.hubspot);
        }
    }

    fn import(&mut self, halo_wins: bool) {
        let is_edited = self.halo != self.agreed;
        // What is emptied takes back only what came from HubSpot.
        let stays = is_edited && (halo_wins || self.hubspot.is_empty());
        if self.hubspot != self.agreed && !stays {
            self.halo.clone_from(&self.hubspot);
        }
        self.agreed.clone_from(&self.hubspot);
    }
}
