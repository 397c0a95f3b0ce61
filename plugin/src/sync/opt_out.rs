//! Opting out: an object or a record that people want left alone. Neither imports nor
//! pushes touch it, and both say why.

use std::collections::{BTreeMap, BTreeSet};

use super::keys;
use super::memory::BATCH;
use super::page::{Desk, Looked, PageOf};
use super::plan::{Agreed, Fate};
use crate::check;
use crate::contract::halo::integration::records::{self, FieldInfo, Stored};
use crate::failure::Failure;
use crate::field::fold;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::Object;
use crate::matching::text_of;
use crate::patience::insist;
use crate::settings;

/// The code of its reasons.
pub const OPTED_OUT: &str = "opted-out";

/// Where people of an entity say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OptOut {
    /// Halo's field, where records of this kind have it.
    pub field: Option<String>,
    /// HubSpot's property.
    pub property: Option<String>,
}

impl OptOut {
    /// Of the records of a kind.
    pub fn new(settings: &settings::OptOut, kind: &str) -> Result<OptOut, Failure> {
        let fields = insist(|| records::fields(kind))?;
        Ok(OptOut::of(settings, &fields))
    }

    fn of(settings: &settings::OptOut, fields: &[FieldInfo]) -> OptOut {
        let field = check::field_of(fields, settings.halo_field());
        OptOut {
            field: field.map(|field| field.name.clone()),
            property: settings.hubspot.clone(),
        }
    }

    /// Why an object is left alone.
    pub fn object(&self, one: &str, object: &Object) -> Option<Failure> {
        let property = self.property.as_deref()?;
        object.property(property).is_some_and(is_yes).then(|| {
            Failure::new(
                OPTED_OUT,
                format!(
                    "The {one} is left alone, as its property {property:?} says so in HubSpot. Clear that to take it up again."
                ),
            )
            .with("property", property)
        })
    }

    /// Why a record is left alone.
    pub fn record(&self, kind: &str, record: &Stored) -> Option<Failure> {
        let field = self.field.as_deref()?;
        text_of(record, field).is_some_and(is_yes).then(|| {
            Failure::new(
                OPTED_OUT,
                format!(
                    "{kind} {} is left alone, as its field {field:?} says so in Halo. Clear that to take it up again.",
                    record.id
                ),
            )
            .with("field", field)
        })
    }
}

/// A checkbox, or a choice that people have made of one.
fn is_yes(text: &str) -> bool {
    matches!(fold(text).as_str(), "true" | "yes" | "1")
}

impl Desk<'_> {
    /// Looks up and plans a page, without what is left alone.
    pub(super) fn look(&self, client: &mut Client, page: PageOf<'_>) -> Result<Looked, Trouble> {
        let spec = self.import.spec();
        let reasons = page.objects.iter();
        let reasons: Vec<_> = reasons
            .map(|object| self.opt_out.object(spec.one, object))
            .collect();
        if reasons.iter().all(Option::is_none) {
            let mut looked = self.import.look(self, client, page)?;
            self.leave_records(&mut looked.fates)?;
            return Ok(looked);
        }
        let (mut others, mut ids) = (Vec::new(), Vec::new());
        for (object, reason) in page.objects.iter().zip(&reasons) {
            match reason {
                None => others.push(object.clone()),
                Some(_) => ids.extend(object.ids().into_iter().map(str::to_owned)),
            }
        }
        let mut looked = Looked::default();
        if !others.is_empty() {
            let objects = others.as_slice();
            looked = self.import.look(self, client, PageOf { objects, ..page })?;
        }
        self.leave_records(&mut looked.fates)?;
        let known: BTreeMap<String, Agreed> = self.remembered(&ids, keys::agreed)?;
        looked.agreed.extend(known);
        let mut planned = std::mem::take(&mut looked.fates).into_iter();
        let fates = { page.objects.iter().zip(reasons) }.filter_map(|(object, reason)| {
            let Some(reason) = reason else {
                return planned.next();
            };
            let record = looked.agreed.get(&object.id).map(|agreed| agreed.record);
            Some(Fate::Stop {
                outcome: "skipped",
                reason,
                record: record.filter(|record| *record != 0),
            })
        });
        let fates = fates.collect();
        looked.fates = fates;
        Ok(looked)
    }

    /// Leaves alone the records that say so. HubSpot dates nothing when that ends, so
    /// these rows are looked at again at each import.
    fn leave_records(&self, fates: &mut [Fate]) -> Result<(), Trouble> {
        let Some(field) = &self.opt_out.field else {
            return Ok(());
        };
        let kind = self.import.spec().kind;
        let record_of = |fate: &Fate| {
            let part = fate.parts().first().filter(|part| part.kind == kind)?;
            part.record
        };
        let ids: BTreeSet<u64> = fates.iter().filter_map(record_of).collect();
        let ids: Vec<u64> = ids.into_iter().collect();
        let mut left = BTreeMap::new();
        for ids in ids.chunks(BATCH) {
            let found = insist(|| records::read(kind, ids, std::slice::from_ref(field)))?;
            for record in found.into_iter().flatten() {
                if let Some(reason) = self.opt_out.record(kind, &record) {
                    left.insert(record.id, reason);
                }
            }
        }
        for fate in fates {
            let reason = record_of(fate).and_then(|id| left.get(&id));
            if let Some(reason) = reason.cloned() {
                *fate = Fate::Wait {
                    until: Vec::new(),
                    reason,
                };
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::halo::integration::types::{Field, Value};

    fn field(name: &str) -> FieldInfo {
        FieldInfo {
            name: name.to_owned(),
            label: name.to_owned(),
            type_name: "checkbox".to_owned(),
            attributes: Vec::new(),
            choices: Vec::new(),
        }
    }

    #[test]
    fn halos_own_field_counts_where_records_have_it_and_the_setting_names_another() {
        let fields = [field("hubspot_dont_sync"), field("CFAlone")];
        let of = |halo: Option<&str>, fields: &[FieldInfo]| {
            let settings = settings::OptOut {
                halo: halo.map(str::to_owned),
                hubspot: None,
            };
            OptOut::of(&settings, fields).field.unwrap_or_default()
        };
        assert_eq!(of(None, &fields), "hubspot_dont_sync");
        assert_eq!(of(None, &fields[1..]), "");
        assert_eq!(of(Some("cfalone"), &fields), "CFAlone");
    }

    #[test]
    fn only_yes_leaves_alone_and_the_reason_names_where_it_stands() {
        let opt_out = OptOut {
            field: Some("CFAlone".to_owned()),
            property: Some("halo_alone".to_owned()),
        };
        for (text, is_out) in [
            ("true", true),
            ("Yes", true),
            ("1", true),
            ("false", false),
            ("", false),
        ] {
            let object = Object::with("7", &[("halo_alone", text)]);
            let reason = opt_out.object("company", &object);
            assert_eq!(reason.is_some(), is_out, "{text}");
            let record = Stored {
                id: 7,
                revision: 1,
                fields: vec![Field {
                    name: "CFAlone".to_owned(),
                    value: Value::Text(text.to_owned()),
                }],
                keys: Vec::new(),
            };
            let reason = opt_out.record("customer", &record);
            assert_eq!(reason.is_some(), is_out, "{text}");
            let message = reason.map(|reason| reason.message).unwrap_or_default();
            assert_eq!(message.contains("CFAlone"), is_out);
        }
    }
}
