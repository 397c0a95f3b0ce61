//! The customer mapping table, looked up from both of its sides.

use std::collections::BTreeMap;

use crate::settings::{Pair, Target};

/// The customer mapping table, by both of its sides.
#[derive(Debug, Default)]
pub struct Table<'a> {
    by_company: BTreeMap<&'a str, Vec<Target>>,
    by_target: BTreeMap<Target, Vec<&'a str>>,
}

impl<'a> Table<'a> {
    /// Of the settings.
    pub fn new(pairs: &'a [Pair]) -> Table<'a> {
        let mut table = Table::default();
        for pair in pairs {
            let company = table.by_company.entry(&pair.company).or_default();
            company.extend(pair.targets());
            for target in pair.targets() {
                table
                    .by_target
                    .entry(target)
                    .or_default()
                    .push(&pair.company);
            }
        }
        table
    }

    /// What it says that a company is; nothing for one that it does not name.
    pub fn targets(&self, company: &str) -> Option<&[Target]> {
        self.by_company.get(company).map(Vec::as_slice)
    }

    /// Another company than these that it gives this record to.
    pub fn other_owner(&self, target: Target, ids: &[&str]) -> Option<&'a str> {
        let owners = self.by_target.get(&target)?;
        owners.iter().find(|owner| !ids.contains(owner)).copied()
    }

    /// Whether it makes this company a site.
    pub fn is_site(&self, company: &str) -> bool {
        let targets = self.targets(company).unwrap_or_default();
        matches!(targets, [Target::Site(_), ..])
    }

    /// Whether it gives this company another customer than this one. One that it
    /// makes a site keeps the customer that it was, to fall back to.
    pub(super) fn maps_elsewhere(&self, company: &str, customer: u64) -> bool {
        let targets = self.targets(company).unwrap_or_default();
        let is_mapped = matches!(targets, [Target::Customer(_), ..]);
        is_mapped && !targets.contains(&Target::Customer(customer))
    }
}
