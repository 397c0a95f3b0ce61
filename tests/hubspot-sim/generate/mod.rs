//! Generated records: believable, unique, the same for the same seed.
//!
//! Everything was made before a fixed day and lies in the past of every clock, so
//! that ids, names and times do not depend on when the simulation is started.

mod people;
mod sales;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::account::Account;
use super::clock::iso;
use super::properties::Schema;
use super::record::{Column, Record};

/// 2026-03-01T00:00:00Z: nothing generated is younger.
const EPOCH_MS: i64 = 1_772_323_200_000;
/// Records were made over the eighteen months before.
const SPREAD_MS: i64 = 550 * 86_400_000;

/// Writes values by name, looking each name up only once for all records.
struct Fields {
    columns: Vec<Column>,
}

impl Fields {
    fn new(schema: &Schema, names: &[&str]) -> Self {
        Self {
            columns: names
                .iter()
                .map(|name| schema.column(name).unwrap_or(Column::MAX))
                .collect(),
        }
    }

    fn len(&self) -> usize {
        self.columns.len()
    }

    fn set(&self, record: &mut Record, field: usize, value: &str) {
        record.set(self.columns[field], value);
    }
}

fn pick<'a, T>(rng: &mut StdRng, list: &'a [T]) -> &'a T {
    &list[rng.random_range(0..list.len())]
}

impl Account {
    /// Fills the empty portal as the options say.
    pub fn generate(&mut self) {
        let companies = self.generate_companies();
        self.generate_contacts(&companies);
        self.generate_sales();
    }

    /// A new record with stamps in the past; later numbers are younger.
    fn past_record(&mut self, kind: usize, n: usize, of: usize) -> Record {
        let step = SPREAD_MS / i64::try_from(of.max(1)).unwrap_or(i64::MAX);
        let created = EPOCH_MS - SPREAD_MS
            + step * i64::try_from(n).unwrap_or_default()
            + self.rng.random_range(0..step.max(1));
        let id = self.stores[kind].take_id();
        let mut record = Record::new(id, created);
        record.modified_ms = created + self.rng.random_range(0..(EPOCH_MS - created).max(1));
        let schema = &self.stores[kind].schema;
        record.set(schema.id, &id.to_string());
        record.set(schema.created, &iso(created));
        record.set(schema.modified, &iso(record.modified_ms));
        record
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::hubspot_sim::SimOptions;
    use crate::hubspot_sim::kinds::COMPANIES;

    fn names(options: SimOptions) -> Vec<String> {
        let account = Account::new(options, String::new());
        let store = &account.stores[COMPANIES];
        let column = store.schema.column("name").unwrap();
        store
            .records
            .values()
            .map(|record| record.get(column).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_portal_and_another_seed_another() {
        let options = SimOptions {
            companies: 300,
            contacts: 50,
            seed: 7,
            ..SimOptions::default()
        };
        assert_eq!(names(options.clone()), names(options.clone()));
        assert_ne!(
            names(options.clone()),
            names(SimOptions { seed: 8, ..options })
        );
    }

    #[test]
    fn names_are_unique_also_in_a_large_portal_unless_duplicates_are_asked_for() {
        let options = SimOptions {
            companies: 40_000,
            ..SimOptions::default()
        };
        assert_eq!(
            names(options.clone())
                .into_iter()
                .collect::<BTreeSet<_>>()
                .len(),
            40_000
        );
        let twins = SimOptions {
            companies: 500,
            duplicates: 5,
            ..options
        };
        assert!(names(twins).into_iter().collect::<BTreeSet<_>>().len() < 500);
    }
}
