//! Deals: HubSpot deals become Halo tickets, or opportunities, which are the same in
//! Halo. What a deal's stage means is said by its pipeline, not by the deal.

use std::collections::BTreeMap;

use super::{Mapped, Place, Source, Spec};
use crate::contract::halo::integration::types::Attribute;
use crate::entity::contact::{Company, company_by};
use crate::failure::Failure;
use crate::field::convert::{Conversion, time};
use crate::field::decide::{Emptied, Rule};
use crate::hubspot::associations::Associated;
use crate::hubspot::objects::{MERGED, Object};
use crate::hubspot::owners::Owner;
use crate::hubspot::pipelines::{Pipeline, Stage};
use crate::settings::FieldRow;
use crate::settings::deals::{Deals, OWNERS_MEND, STAGES_MEND, stage_key};
use crate::sync::plan::whose::{CUSTOMER, SITE, USER};

// In HubSpot

/// Its names.
pub const SPEC: Spec = Spec {
    objects: "deals",
    one: "deal",
    type_id: "0-3",
    modified: MODIFIED,
    names: &["dealname"],
    associations: &["companies", "contacts"],
    lines: None,
    kind: KIND,
    records: "Tickets",
    reserved: &[
        ("tickettype_id", "/deals/ticket-type"),
        (STATUS, "/deals/stages"),
        (AGENT, "/deals/owners"),
        (CUSTOMER, "the deal's company"),
        (SITE, "the deal's company"),
        (USER, "the deal's contact"),
        (IS_CLOSED, "the deal's stage"),
        (CLOSED_ON, "the deal's close date"),
    ],
};
const MODIFIED: &str = "hs_lastmodifieddate";
const NAME: &str = "dealname";
const PIPELINE: &str = "pipeline";
const STAGE: &str = "dealstage";
const OWNER: &str = "hubspot_owner_id";
const CLOSE_DATE: &str = "closedate";
const CURRENCY: &str = "deal_currency_code";
/// The label of the association with the primary company, as lists name it.
pub const PRIMARY: &str = "deal_to_company";
/// The primary company.
const COMPANY: &str = "hs_primary_associated_company";

/// What is always asked for.
pub const PROPERTIES: &[&str] = &[
    NAME, PIPELINE, STAGE, OWNER, CLOSE_DATE, CURRENCY, COMPANY, "amount", MODIFIED, MERGED,
];

// In Halo

/// The kind of record that a deal becomes.
pub const KIND: &str = "ticket";
/// The name; a ticket always has one.
pub const SUMMARY: &str = "summary";
/// The ticket type; also its kind of record is called so.
pub const TYPE: &str = "tickettype_id";
const STATUS: &str = "status_id";
const AGENT: &str = "agent_id";
const IS_CLOSED: &str = "hasbeenclosed";
const CLOSED_ON: &str = "dateclosed";

/// Who is meant where there is no customer or user: a prospect, in Halo's own fields.
pub const PROSPECT_COMPANY: &str = "oppcompanyname";
/// The contact's name.
pub const PROSPECT_NAME: &str = "oppcontactname";
/// The contact's address.
pub const PROSPECT_EMAIL: &str = "oppemailaddress";
/// The contact's telephone.
pub const PROSPECT_PHONE: &str = "opptel";
/// All of them.
pub const PROSPECTS: [&str; 4] = [
    PROSPECT_COMPANY,
    PROSPECT_NAME,
    PROSPECT_EMAIL,
    PROSPECT_PHONE,
];

// Which fields sync which way

/// Fields that need no mapping row: HubSpot's property, Halo's field. The amount stays
/// in the deal's own currency.
pub const FIXED: [(&str, &str); 4] = [
    (NAME, SUMMARY),
    ("amount", "oppvalue"),
    (CLOSE_DATE, "targetdate"),
    (CURRENCY, "currency"),
];

/// What follows from pipeline, owner and close date, and how.
pub const DERIVED: [((&str, &str), &str); 4] = [
    ((STAGE, STATUS), "by the setting `stages`"),
    ((OWNER, AGENT), "by the setting `owners`"),
    ((STAGE, IS_CLOSED), "whether the stage is a closed one"),
    ((CLOSE_DATE, CLOSED_ON), "once the stage is a closed one"),
];

// Names of derived values; no property of HubSpot is called so.
const STAGE_KEY: &str = "=stage";
const CLOSED: &str = "=closed";
const CLOSED_AT: &str = "=closed-at";
const CLOSE_DAY: &str = "=close-day";

/// The fields that an import fills: the mapping rows, then the fixed rows and what
/// follows from the pipeline, for fields that no mapping row fills.
pub fn fields(
    settings: &Deals,
    rows: &[FieldRow],
    conversions: &BTreeMap<String, Conversion>,
) -> Vec<Mapped> {
    let mut fields: Vec<Mapped> = rows
        .iter()
        .map(|row| Mapped::row(row, conversions.get(&row.field).cloned()))
        .collect();
    let fixed = FIXED.map(|(property, field)| {
        let (source, conversion) = match property {
            CLOSE_DATE => (
                Source::Derived(CLOSE_DAY),
                Some(Conversion::date(property, field)),
            ),
            "amount" => (
                Source::Property(property.to_owned()),
                Some(Conversion::number(property, field)),
            ),
            _ => (Source::Property(property.to_owned()), None),
        };
        Mapped {
            conversion,
            ..Mapped::fixed(Place::Own, source, field)
        }
    });
    let follows = |source, field: &str, conversion| Mapped {
        rule: Rule::Mapped(Emptied::TakesBack),
        conversion: Some(conversion),
        ..Mapped::fixed(Place::Own, source, field)
    };
    let status = settings.statuses().map(|records| {
        let conversion = Conversion::records(STAGE, STATUS, records);
        follows(Source::Derived(STAGE_KEY), STATUS, conversion)
    });
    let agent = settings.agents().map(|records| {
        let conversion = Conversion::records(OWNER, AGENT, records);
        follows(Source::Property(OWNER.to_owned()), AGENT, conversion)
    });
    let closed = [
        follows(
            Source::Derived(CLOSED),
            IS_CLOSED,
            Conversion::checkbox(STAGE, IS_CLOSED),
        ),
        follows(
            Source::Derived(CLOSED_AT),
            CLOSED_ON,
            Conversion::date_time(CLOSE_DATE, CLOSED_ON),
        ),
    ];
    for mapped in fixed.into_iter().chain(status).chain(agent).chain(closed) {
        if !fields.iter().any(|known| known.field == mapped.field) {
            fields.push(mapped);
        }
    }
    fields
}

/// A deal with what follows from its pipeline. `offset_ms` is the account's distance
/// from UTC: HubSpot's close date has a time of day, and which day it is depends on
/// where the account is.
pub fn derived(mut deal: Object, pipelines: &[Pipeline], offset_ms: i64) -> Object {
    let text = |deal: &Object, name: &str| deal.property(name).map(str::to_owned);
    let close = text(&deal, CLOSE_DATE);
    let day = close.as_deref();
    // What is no time at all is refused by the conversion, with a sentence.
    let day = day.map(|close| time::day_at(close, offset_ms).unwrap_or(close.to_owned()));
    deal.derive(CLOSE_DAY, day);
    if let Ok((pipeline, stage)) = stage(&deal, pipelines) {
        let key = stage_key(&pipeline.id, &stage.id);
        let is_closed = stage.is_closed();
        deal.derive(STAGE_KEY, Some(key));
        deal.derive(CLOSED, is_closed.then(|| true.to_string()));
        deal.derive(CLOSED_AT, close.filter(|_| is_closed));
    }
    deal
}

/// What a ticket gets that is closed because its deal was deleted.
pub fn closed(at: &str) -> Vec<(&'static str, String)> {
    vec![(IS_CLOSED, true.to_string()), (CLOSED_ON, at.to_owned())]
}

/// The stage that a deal is in.
pub fn stage<'a>(
    deal: &Object,
    pipelines: &'a [Pipeline],
) -> Result<(&'a Pipeline, &'a Stage), Failure> {
    let gone = |what: &str, id: &str| {
        let message = format!(
            "Its {what} {id:?} does not exist in HubSpot any more. Move the deal to another stage in HubSpot."
        );
        Failure::new("unknown-stage", message)
    };
    let id = deal.property(PIPELINE).unwrap_or_default();
    let pipeline = pipelines.iter().find(|pipeline| pipeline.id == id);
    let pipeline = pipeline.ok_or_else(|| gone("pipeline", id))?;
    let id = deal.property(STAGE).unwrap_or_default();
    let stage = pipeline.stages.iter().find(|stage| stage.id == id);
    Ok((pipeline, stage.ok_or_else(|| gone("stage", id))?))
}

/// What is wrong with a stage or an owner that the settings do not name, for the field
/// that it would fill: people know both by other names than a deal does.
pub fn unmapped(
    field: &str,
    deal: &Object,
    pipelines: &[Pipeline],
    owners: &[Owner],
) -> Option<String> {
    match field {
        STATUS => {
            let (pipeline, stage) = stage(deal, pipelines).ok()?;
            Some(format!(
                "Its stage {:?} in {:?} ({}) is no status in the settings, so its status is left as it is; {STAGES_MEND}.",
                stage.label,
                pipeline.label,
                stage_key(&pipeline.id, &stage.id),
            ))
        }
        AGENT => {
            let id = owner(deal)?;
            let owner = owners.iter().filter(|owner| owner.id == id);
            let who = match owner.min_by_key(|owner| owner.archived) {
                Some(owner) if owner.archived => {
                    format!("{} ({id}), who has left the account,", owner.name())
                }
                Some(owner) => format!("{} ({id})", owner.name()),
                None => format!("{id}, whom the account does not have,"),
            };
            Some(format!(
                "Its owner {who} is no agent in the settings, so its agent is left as it is; {OWNERS_MEND}."
            ))
        }
        _ => None,
    }
}

// Key and name

/// What people call it.
pub fn title(deal: &Object) -> Option<&str> {
    deal.property(NAME)
}

/// Its owner's id.
pub fn owner(deal: &Object) -> Option<&str> {
    deal.property(OWNER)
}

/// By what people choose deals (S55).
pub fn facets(deal: &Object, pipelines: &[Pipeline], owners: &[Owner]) -> Vec<Attribute> {
    let (pipeline, stage) = match stage(deal, pipelines) {
        Ok((pipeline, stage)) => (pipeline.label.clone(), stage.label.clone()),
        // What is gone has no name any more.
        Err(_) => {
            let id = |name| deal.property(name).unwrap_or_default().to_owned();
            (id(PIPELINE), id(STAGE))
        }
    };
    let owner = owner(deal).map(|id| {
        let known = owners.iter().find(|owner| owner.id == id);
        known.map_or_else(|| id.to_owned(), Owner::name)
    });
    let text = |name: &str| deal.property(name).map(str::to_owned);
    [
        ("pipeline", Some(pipeline)),
        ("stage", Some(stage)),
        ("owner", owner),
        ("amount", text("amount")),
        ("currency", text(CURRENCY)),
        ("close-date", text(CLOSE_DAY)),
    ]
    .into_iter()
    .filter_map(|(name, value)| {
        Some(Attribute {
            name: name.to_owned(),
            value: value.filter(|value| !value.is_empty())?,
        })
    })
    .collect()
}

// Its company

/// The company of a deal: the primary one, or the only one.
pub fn company(deal: &Object, associated: Option<&[Associated]>) -> Company {
    company_by(COMPANY, deal, associated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipelines() -> Vec<Pipeline> {
        vec![Pipeline {
            id: "p".to_owned(),
            label: "Sales".to_owned(),
            stages: vec![Stage::with("open", "false"), Stage::with("won", "true")],
        }]
    }

    fn deal(properties: &[(&str, &str)], offset_ms: i64) -> Object {
        derived(Object::with("1", properties), &pipelines(), offset_ms)
    }

    #[test]
    fn the_close_day_is_the_day_where_the_account_is() {
        const HOUR: i64 = 60 * 60 * 1_000;
        for (close, hours, day) in [
            ("2026-10-01T01:00:00Z", -4, Some("2026-09-30")),
            ("2026-09-30T23:30:00Z", 2, Some("2026-10-01")),
            ("2026-09-30T12:00:00Z", 0, Some("2026-09-30")),
            ("2026-09-30", -4, Some("2026-09-30")),
            ("soon", 0, Some("soon")),
            ("", 0, None),
        ] {
            let deal = deal(&[(CLOSE_DATE, close)], hours * HOUR);
            assert_eq!(deal.property(CLOSE_DAY), day, "{close}");
        }
    }

    #[test]
    fn s54_a_deal_is_closed_by_its_stage_in_its_own_pipeline() {
        for (pipeline, stage, key, closed) in [
            ("p", "open", Some("p/open"), None),
            ("p", "won", Some("p/won"), Some("true")),
            ("p", "gone", None, None),
            ("gone", "won", None, None),
        ] {
            let date = "2026-09-30T12:00:00Z";
            let deal = deal(
                &[(PIPELINE, pipeline), (STAGE, stage), (CLOSE_DATE, date)],
                0,
            );
            assert_eq!(deal.property(STAGE_KEY), key, "{pipeline} {stage}");
            assert_eq!(deal.property(CLOSED), closed, "{pipeline} {stage}");
            assert_eq!(deal.property(CLOSED_AT), closed.map(|_| date));
        }
    }

    #[test]
    fn s55_facets_are_names_and_what_is_gone_keeps_its_id() {
        let told = |stage: &str| {
            let owner: Owner =
                serde_json::from_str(r#"{"id":"7","firstName":"Ada","lastName":"Byron"}"#).unwrap();
            let deal = deal(&[(PIPELINE, "p"), (STAGE, stage), (OWNER, "7")], 0);
            let facets = facets(&deal, &pipelines(), &[owner]);
            let told: Vec<String> = facets.into_iter().map(|facet| facet.value).collect();
            told.join(" ")
        };
        assert_eq!(told("open"), "Sales OPEN Ada Byron");
        assert_eq!(told("gone"), "p gone Ada Byron");
    }
}
