//! The site of a company: the one that the mapping table names (A25), else the first
//! site of its customer. It carries the address (A23), and the company's key leads to
//! it, by which contacts find where they sit.

use std::collections::BTreeMap;

use super::company::{Known, Rules};
use super::{Fate, Part, Values, decided, field, values};
use crate::contract::halo::integration::records::{Row, RowOptions, Stored};
use crate::contract::halo::integration::types::{Field, RecordRef, Value};
use crate::entity::Place;
use crate::entity::company::{self, SITE};
use crate::failure::Failure;
use crate::field::text;
use crate::hubspot::objects::Object;
use crate::matching::{text_of, value_of};
use crate::settings::Target;

/// What was read of sites for a page.
#[derive(Debug, Default)]
pub struct Sites {
    /// By HubSpot id, merged ones included: where the keys lead.
    pub linked: BTreeMap<String, Stored>,
    /// By customer, where it was looked for: its first site, if it has any.
    pub first: BTreeMap<u64, Option<Stored>>,
}

impl Sites {
    /// The site of a customer that a key of the company leads to.
    pub fn of(&self, object: &Object, customer: u64) -> Option<&Stored> {
        let ids = object.ids().into_iter();
        let mut linked = ids.filter_map(|id| self.linked.get(id));
        linked.find(|site| is_of(site, customer))
    }
}

/// Whether a site is this customer's.
fn is_of(site: &Stored, customer: u64) -> bool {
    *value_of(site, company::SITE_CUSTOMER) == Value::Reference(RecordRef::Id(customer))
}

/// The site of a customer that counts as its first: active before inactive ones, and
/// one that the mapping table keeps for another company last.
pub fn first_of(sites: Vec<Stored>, rules: &Rules<'_>) -> Option<Stored> {
    sites.into_iter().min_by_key(|site| {
        let is_kept = rules
            .table
            .other_owner(Target::Site(site.id), &[])
            .is_some();
        (is_kept, is_inactive(site), site.id)
    })
}

fn is_inactive(site: &Stored) -> bool {
    text_of(site, company::INACTIVE) == Some("true")
}

/// A company that is a site by the mapping table.
pub(super) fn mapped(object: &Object, site: &Stored, rules: &Rules<'_>, known: &Known) -> Fate {
    let is_linked = is_linked(object, site, known);
    let places = [Place::Site, Place::MappedSite];
    Fate::Goes {
        parts: vec![fill(object, site, &places, rules, known)],
        note: linked_while_inactive(site, is_linked)
            .or_else(|| customer_stays(object, site, rules, known)),
        until: Vec::new(),
    }
}

/// The site of a company that is a customer: filled, and bound to the company's key
/// where that leads elsewhere. A customer without any site gets one: in Halo, users
/// sit at sites.
pub(super) fn of_customer(
    object: &Object,
    customer: &Stored,
    rules: &Rules<'_>,
    known: &Known,
) -> Option<Part> {
    if let Some(site) = known.sites.of(object, customer.id) {
        return Some(fill(object, site, &[Place::Site], rules, known));
    }
    // What was looked up for another company of the page says nothing of this one.
    let is_bound = known.sites.linked.contains_key(&object.id);
    let is_wanted = rules.settings.address || is_bound;
    let intent = known.intents.get(&object.id);
    let was_made = intent.is_some_and(|intent| intent.creates);
    match known.sites.first.get(&customer.id)? {
        Some(site) => is_wanted.then(|| fill(object, site, &[Place::Site], rules, known)),
        None => {
            (is_wanted || was_made).then(|| new(object, RecordRef::Id(customer.id), rules, known))
        }
    }
}

/// The first site of a customer that is made in the same call.
pub(super) fn first(object: &Object, rules: &Rules<'_>, known: &Known) -> Part {
    new(object, RecordRef::Key(rules.key(&object.id)), rules, known)
}

fn new(object: &Object, customer: RecordRef, rules: &Rules<'_>, known: &Known) -> Part {
    let key = rules.key(&object.id);
    // A row whose key leads to another customer's site would be written there; so the
    // new site has a key of its own and takes the company's along.
    let (key, other_keys, options) = if known.sites.linked.contains_key(&object.id) {
        let options = RowOptions::MAY_CREATE | RowOptions::MOVE_KEYS;
        (format!("{key}/first"), vec![key], options)
    } else {
        (key, Vec::new(), RowOptions::MAY_CREATE)
    };
    let mut fields = vec![
        field(
            company::NAME,
            Value::Text(rules.settings.first_site.clone()),
        ),
        field(company::SITE_CUSTOMER, Value::Reference(customer)),
    ];
    fields.extend(
        plain(object, &[Place::Site], rules)
            .into_iter()
            .filter(|field| field.value != Value::None),
    );
    Part {
        kind: SITE,
        record: None,
        row: Some(Row {
            kind: SITE.to_owned(),
            key: Some(key),
            id: None,
            other_keys,
            expected: None,
            fields,
            options,
        }),
        agreed: remembered(object, &[Place::Site], rules, None),
        line: None,
    }
}

/// Halo's values; all fields of sites are fixed rows, text on both sides.
fn plain(object: &Object, places: &[Place], rules: &Rules<'_>) -> Vec<Field> {
    rules
        .fields_of(places)
        .iter()
        .map(|mapped| field(&mapped.field, text(mapped.value(object).as_deref())))
        .collect()
}

/// What to remember: also of fields that were compared once and are not now, so that
/// a switch that is on again finds what came from HubSpot.
fn remembered(
    object: &Object,
    places: &[Place],
    rules: &Rules<'_>,
    last: Option<&Values>,
) -> Option<Values> {
    let fields = rules.fields_of(places);
    let mut remembered = last.cloned().unwrap_or_default();
    remembered.extend(values(object, &fields, None));
    (!fields.is_empty()).then_some(remembered)
}

/// A site that is there.
fn fill(
    object: &Object,
    site: &Stored,
    places: &[Place],
    rules: &Rules<'_>,
    known: &Known,
) -> Part {
    let last = object
        .ids()
        .into_iter()
        .filter_map(|id| known.agreed.get(id)?.site.as_ref())
        .find(|agreed| agreed.record == site.id)
        .map(|agreed| &agreed.values);
    let now = plain(object, places, rules).into_iter();
    let now = now.map(|field| field.value).collect();
    let fields = decided(
        &rules.fields_of(places),
        now,
        (SITE, site),
        last,
        &known.intents_of(object),
    );
    let is_linked = is_linked(object, site, known);
    let row = (!fields.is_empty() || !is_linked).then(|| Row {
        kind: SITE.to_owned(),
        key: Some(rules.key(&object.id)),
        id: Some(site.id),
        other_keys: Vec::new(),
        expected: Some(site.revision),
        fields,
        options: RowOptions::MOVE_KEYS,
    });
    Part {
        kind: SITE,
        record: Some(site.id),
        row,
        agreed: remembered(object, places, rules, last),
        line: None,
    }
}

fn is_linked(object: &Object, site: &Stored, known: &Known) -> bool {
    let linked = known.sites.linked.get(&object.id);
    linked.is_some_and(|linked| linked.id == site.id)
}

/// A3, for sites.
fn linked_while_inactive(site: &Stored, is_linked: bool) -> Option<Failure> {
    (is_inactive(site) && !is_linked).then(|| {
        Failure::new(
            "inactive",
            format!(
                "It was linked to site {}, which is inactive in Halo. Make it active, or map the company to another site.",
                site.id
            ),
        )
    })
}

/// The customer that the company was before. Nothing of it is changed: it may have
/// tickets and users.
fn customer_stays(
    object: &Object,
    site: &Stored,
    rules: &Rules<'_>,
    known: &Known,
) -> Option<Failure> {
    let ids = object.ids();
    let mut linked = ids.iter().filter_map(|id| known.candidates.linked.get(*id));
    let customer = linked.next()?;
    let is_given_away = || {
        let target = Target::Customer(customer.id);
        rules.table.other_owner(target, &ids).is_some()
    };
    if is_of(site, customer.id) || is_given_away() {
        return None;
    }
    let name = text_of(customer, company::NAME).unwrap_or_default();
    Some(Failure::new(
        "customer-stays",
        format!(
            "It is site {} now. Customer {} {name:?}, which it was before, stays as it is and follows HubSpot no more; merge it in Halo or make it inactive if nobody needs it.",
            site.id, customer.id
        ),
    ))
}
