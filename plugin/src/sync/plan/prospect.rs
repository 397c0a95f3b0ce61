//! Who is meant by a ticket without a customer or a user: a prospect, in Halo's own
//! fields for that. Once both are in Halo the fields say nothing that those do not, so
//! what came from HubSpot is taken back: in whichever order things are imported, they
//! end the same.

use super::whose::Whose;
use super::{Field, Intent, Stored, Values, decided};
use crate::entity::deal::{
    KIND, PROSPECT_COMPANY, PROSPECT_EMAIL, PROSPECT_NAME, PROSPECT_PHONE, PROSPECTS,
};
use crate::entity::{Mapped, Place, Source};
use crate::field::text;

/// A field of a prospect, and HubSpot's value of it; nothing where it is not needed.
type Known = (&'static str, Option<String>);

/// The fields that there is something to say of; a mapping row may have taken one.
pub(super) fn known(whose: &Whose, fields: &[Mapped]) -> Vec<Known> {
    let of = |name: &'static str| {
        let named = whose.prospect.iter().find(|(known, _)| *known == name);
        let is_settled = match name {
            PROSPECT_COMPANY => whose.customer.is_some(),
            PROSPECT_NAME | PROSPECT_EMAIL | PROSPECT_PHONE => {
                whose.user.is_some() || whose.is_user_elsewhere
            }
            _ => false,
        };
        match named {
            Some((_, text)) => Some((name, Some(text.clone()))),
            None => is_settled.then_some((name, None)),
        }
    };
    PROSPECTS
        .into_iter()
        .filter(|name| !fields.iter().any(|mapped| mapped.field == *name))
        .filter_map(of)
        .collect()
}

/// What changes of a ticket that is there.
pub(super) fn changes(
    known: &[Known],
    record: &Stored,
    last: Option<&Values>,
    intents: &[&Intent],
) -> Vec<Field> {
    let mapped: Vec<Mapped> = known
        .iter()
        .map(|(name, _)| Mapped::fixed(Place::Own, Source::Derived(name), name))
        .collect();
    let now = known.iter().map(|(_, value)| text(value.as_deref()));
    let mapped: Vec<&Mapped> = mapped.iter().collect();
    decided(&mapped, now.collect(), (KIND, record), last, intents)
}

/// Remembered: what HubSpot says now; of what it does not speak of, what it said before.
pub(super) fn remember(known: &[Known], agreed: &mut Values, last: Option<&Values>) {
    for name in PROSPECTS {
        let was = || last.and_then(|last| last.get(name)).cloned().flatten();
        let value = match known.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => value.clone(),
            None => was(),
        };
        if !agreed.contains_key(name)
            && let Some(value) = value
        {
            agreed.insert(name.to_owned(), Some(value));
        }
    }
}
