//! Where a contact's user sits: the company decides (S22, S25, S26).

use super::Known;
use crate::entity::company::SPEC as COMPANY;
use crate::entity::contact::Company;
use crate::failure::Failure;
use crate::hubspot::objects::Object;
use crate::sync::plan::Awaited;

/// A site and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The site.
    pub site: u64,
    /// Its customer.
    pub customer: u64,
}

/// Where a contact's user sits.
pub(super) enum Seat {
    /// At its company's.
    At(Spot),
    /// At the default site, until its company is in Halo.
    Default(Spot, Option<Awaited>),
    /// Nowhere before its company is in Halo.
    Wait(Awaited, Failure),
    /// Nowhere.
    Nowhere(Failure),
    /// Nowhere, as its company's customer has no site and Halo refused to make one.
    Refused(Failure),
}

impl Seat {
    /// What a user at the default site waits for.
    pub(super) fn until(self) -> Option<Awaited> {
        match self {
            Seat::Default(_, until) => until,
            Seat::Wait(until, _) => Some(until),
            Seat::At(_) | Seat::Nowhere(_) | Seat::Refused(_) => None,
        }
    }
}

/// Where its company's users sit (S22, S25, S26).
pub(super) fn seat(object: &Object, known: &Known) -> Seat {
    let awaited = |id: &str| Awaited {
        kinds: ["customer", "site"].map(str::to_owned).to_vec(),
        id: id.to_owned(),
    };
    match (known.companies.get(&object.id), known.default) {
        (Some(Company::One(id)), default) => match (known.spots.get(id), default) {
            (Some(Ok(spot)), _) => Seat::At(*spot),
            (Some(Err(refused)), _) => Seat::Refused(refused.clone()),
            (None, Some(default)) => Seat::Default(default, Some(awaited(id))),
            (None, None) => Seat::Wait(
                awaited(id),
                Failure::new(
                    "company-not-imported",
                    format!(
                        "Its company {id} is not in Halo yet. It goes in by itself once that company is imported; or set a default site for new users."
                    ),
                )
                .with(COMPANY.one, id),
            ),
        },
        (_, Some(default)) => Seat::Default(default, None),
        (Some(Company::Several(ids)), None) => Seat::Nowhere(Failure::new(
            "ambiguous-company",
            format!(
                "It has several companies and none of them is primary: {}. Choose the primary one in HubSpot, or set a default site for new users.",
                ids.join(", ")
            ),
        )),
        (_, None) => Seat::Nowhere(nowhere()),
    }
}

pub(super) fn nowhere() -> Failure {
    Failure::new(
        "no-company",
        "It has no company in HubSpot, so there is no customer for its user. Give it a company, or set a default site for new users.",
    )
}
