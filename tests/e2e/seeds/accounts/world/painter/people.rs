//! What people change in an account between two imports.

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;

use super::super::{Change, ENTITIES, OWNERS, Object, Rules};
use super::{Painter, values_of};

impl Painter {
    pub(super) fn some(&mut self, entity: &'static str) -> Option<Object> {
        let alive = self.alive.get(entity)?;
        Some((entity, *alive.choose(&mut self.rng)?))
    }

    /// One that is not there any more; not the last ones, as others need somebody.
    fn take(&mut self, entity: &'static str) -> Option<Object> {
        let alive = self.alive.get_mut(entity).filter(|alive| alive.len() > 3)?;
        let own = (
            entity,
            alive.swap_remove(self.rng.random_range(0..alive.len())),
        );
        self.links.retain(|(from, to)| *from != own && *to != own);
        // A quote takes its lines along.
        let (along, left) = self.lines.iter().partition(|(quote, _)| *quote == own);
        self.lines = left;
        let along: Vec<(Object, Object)> = along;
        for (_, line) in along {
            self.is_gone(line);
        }
        Some(own)
    }

    pub(super) fn is_gone(&mut self, own: Object) {
        if let Some(alive) = self.alive.get_mut(own.0) {
            alive.retain(|number| *number != own.1);
        }
    }

    pub(super) fn change(&mut self) -> Vec<Change> {
        let entity = *ENTITIES.choose(&mut self.rng).unwrap();
        match self.rng.random_range(0..20) {
            0..=2 => self.make(entity),
            3 => self.archive(entity).into_iter().collect(),
            4 => self.restore().into_iter().collect(),
            5 => self.merge(entity).into_iter().collect(),
            6 => self.relink().into_iter().collect(),
            7 => self.unlink().into_iter().collect(),
            8 => self.passed_on(),
            9 => self.removed().into_iter().collect(),
            10 => self.in_halo(entity).into_iter().collect(),
            11 => self.renamed(entity).into_iter().collect(),
            12 => {
                let own = self.some("deals");
                let stage = self.stage(false);
                own.map(|own| Change::Edit(own, stage))
                    .into_iter()
                    .collect()
            }
            13..=15 => self.sold(),
            _ => {
                let own = self.some(entity);
                let change = own.and_then(|own| self.edited(entity, own));
                change.into_iter().collect()
            }
        }
    }

    pub(super) fn edited(&mut self, entity: &'static str, own: Object) -> Option<Change> {
        let property = *values_of(entity).choose(&mut self.rng)?;
        Some(Change::Edit(own, vec![(property, self.value(property))]))
    }

    fn renamed(&mut self, entity: &'static str) -> Option<Change> {
        let own = self.some(entity)?;
        let property = match entity {
            "contacts" => "firstname",
            "deals" => "dealname",
            "quotes" => "hs_title",
            "products" if self.rng.random_bool(0.5) => "hs_sku",
            _ => "name",
        };
        let name = match property {
            "hs_sku" => self.sku(),
            _ => self.name(),
        };
        Some(Change::Edit(own, vec![(property, name)]))
    }

    fn archive(&mut self, entity: &'static str) -> Option<Change> {
        let own = self.take(entity)?;
        self.archived.push(own);
        Some(Change::Archive(own))
    }

    fn restore(&mut self) -> Option<Change> {
        let own = self.archived.pop()?;
        self.alive.entry(own.0).or_default().push(own.1);
        Some(Change::Restore(own))
    }

    fn merge(&mut self, entity: &'static str) -> Option<Change> {
        // HubSpot merges no products and no quotes.
        if matches!(entity, "products" | "quotes") {
            return None;
        }
        let (primary, other) = (self.take(entity)?, self.take(entity)?);
        // The survivor counts as a new one.
        self.counted(entity);
        Some(Change::Merge(primary, other))
    }

    fn relink(&mut self) -> Option<Change> {
        let from = *["contacts", "deals", "quotes"].choose(&mut self.rng)?;
        let to = match from {
            "quotes" if self.rng.random_bool(0.3) => "deals",
            "deals" | "quotes" if self.rng.random_bool(0.4) => "contacts",
            _ => "companies",
        };
        let from = self.some(from)?;
        self.link(from, to)
    }

    fn unlink(&mut self) -> Option<Change> {
        if self.links.is_empty() {
            return None;
        }
        let at = self.rng.random_range(0..self.links.len());
        let (from, to) = self.links.swap_remove(at);
        self.links.retain(|link| *link != (from, to));
        Some(Change::Unlink(from, to))
    }

    /// An address goes from one contact to another.
    fn passed_on(&mut self) -> Vec<Change> {
        let (Some(from), Some(to)) = (self.some("contacts"), self.some("contacts")) else {
            return Vec::new();
        };
        if from == to {
            return Vec::new();
        }
        self.count += 1;
        let address = |count: u32| vec![("email", format!("p{count}@example.com"))];
        let (old, new) = (address(self.count), address(self.count + 1));
        self.count += 1;
        vec![
            Change::Edit(from, old.clone()),
            Change::Edit(from, new),
            Change::Edit(to, old),
        ]
    }

    /// A stage is removed, or an owner leaves.
    fn removed(&mut self) -> Option<Change> {
        if self.rng.random_bool(0.5) {
            return Some(Change::Owner(self.rng.random_range(0..OWNERS)));
        }
        // One open stage stays, and all closed ones.
        if self.gone.is_empty() {
            self.gone.push(1);
            return Some(Change::Stage(1));
        }
        None
    }

    fn in_halo(&mut self, entity: &'static str) -> Option<Change> {
        let own = self.some(entity)?;
        let (kind, fields): (_, &[&str]) = match entity {
            "companies" => ("customer", &["main_phonenumber", "website"]),
            "contacts" => ("user", &["phonenumber", "mobilenumber"]),
            "products" => ("item", &["description", "externalreference"]),
            "quotes" => ("quotation", &["note", "title"]),
            _ => ("ticket", &["details", "oppcompanyname"]),
        };
        let field = *fields.choose(&mut self.rng)?;
        Some(Change::Halo(kind, own, vec![(field, self.text("edited"))]))
    }

    /// Another value before the one that an edit of these changes gives; not where the
    /// first value that is seen is the one that stays.
    pub(super) fn interim(
        &mut self,
        phase: usize,
        changes: &[Change],
        rules: &Rules,
    ) -> Vec<(Object, &'static str, String)> {
        let mut interim = Vec::new();
        for change in changes {
            if phase > 0
                && let Change::Edit(own, texts) = change
                && let [(property, _)] = texts.as_slice()
                && values_of(own.0).contains(property)
                && !rules.keeps_first(own.0, property)
                && self.alive[own.0].contains(&own.1)
            {
                interim.push((*own, *property, self.value(property)));
            }
        }
        interim
    }
}
