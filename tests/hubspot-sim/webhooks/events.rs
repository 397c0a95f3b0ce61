//! The events of a change. HubSpot's page on webhooks says what is in each kind of them;
//! what it leaves open is as in deliveries that others have published.

use rand::RngExt as _;
use serde_json::{Value, json};

use super::subscriptions::Subscription;
use crate::hubspot_sim::account::Account;
use crate::hubspot_sim::changes::{Change, Relinked};
use crate::hubspot_sim::kinds::KINDS;
use crate::hubspot_sim::link_types::{Mask, PLAIN, PRIMARY, has_primary};
use crate::hubspot_sim::links::Key;
use crate::hubspot_sim::writes::Writer;

/// One event that is not addressed yet.
struct Told {
    kind: usize,
    event: &'static str,
    property: Option<String>,
    at_ms: i64,
    /// What all subscriptions have in it ...
    members: Value,
    /// ... what only HubSpot's own subscription types have ...
    own: Value,
    /// ... and what only the generic ones have.
    generic: Value,
}

impl Account {
    /// The events of what has changed, one for each subscription to it.
    pub fn new_events(&mut self, writer: Writer) -> Vec<Value> {
        let mut told = Vec::new();
        for kind in 0..KINDS.len() {
            for (at_ms, id, change) in self.stores[kind].changes.take() {
                let at_ms = at_ms.unwrap_or_else(|| self.clock.now_ms());
                told.push(self.told(kind, id, at_ms, change, writer));
            }
        }
        for relinked in self.links.changes.take() {
            told.extend(self.told_from_both_ends(&relinked));
        }
        let mut events = Vec::new();
        for told in &told {
            let subscriptions = self.webhooks.subscriptions.clone();
            let wants = |subscription: &&Subscription| {
                subscription.is_about(told.kind, told.event, told.property.as_deref())
            };
            for subscription in subscriptions.iter().filter(wants) {
                events.push(self.addressed(told, subscription));
            }
        }
        events
    }

    fn addressed(&mut self, told: &Told, subscription: &Subscription) -> Value {
        // HubSpot does not promise that it is unique; so small a range makes sure of it.
        let event_id: u64 = self.webhooks.rng.random_range(1..10_000);
        let mut event = json!({
            "eventId": event_id,
            "subscriptionId": subscription.id,
            "portalId": self.options.portal_id,
            "appId": self.identity.app_id,
            "occurredAt": told.at_ms,
            "subscriptionType": subscription.name,
            "attemptNumber": 0,
        });
        let kind = match subscription.generic {
            true => &told.generic,
            false => &told.own,
        };
        for members in [&told.members, kind] {
            for (name, value) in members.as_object().into_iter().flatten() {
                event[name] = value.clone();
            }
        }
        event
    }

    fn told(&self, kind: usize, id: u64, at_ms: i64, change: Change, writer: Writer) -> Told {
        let (source, source_id) = match (&change, writer) {
            (Change::Computed(..), _) => ("CALCULATED", "CalculatedPropertyComputer".to_owned()),
            (_, Writer::App) => ("INTEGRATION", self.identity.app_id.to_string()),
            (_, Writer::User) => ("CRM_UI", format!("userId:{}", self.identity.user_id)),
        };
        let mut members = json!({
            "objectId": id, "changeSource": source, "sourceId": source_id,
        });
        let mut property = None;
        let event = match change {
            Change::Created => {
                members["changeFlag"] = json!("CREATED");
                "creation"
            }
            Change::Value(column, value) | Change::Computed(column, value) => {
                let name = self.stores[kind].schema.property(column).name.clone();
                members["propertyName"] = json!(name);
                members["propertyValue"] = json!(value);
                property = Some(name);
                "propertyChange"
            }
            Change::Archived => {
                members["changeFlag"] = json!("DELETED");
                "deletion"
            }
            Change::Restored => "restore",
            Change::Forgotten => "privacyDeletion",
            Change::Merged { primary, other } => {
                members["objectId"] = json!(primary);
                members["primaryObjectId"] = json!(primary);
                members["mergedObjectIds"] = json!([other]);
                members["newObjectId"] = json!(id);
                members["numberOfPropertiesMoved"] = json!(0);
                "merge"
            }
        };
        Told {
            kind,
            event,
            property,
            at_ms,
            members,
            own: json!({}),
            generic: json!({ "objectTypeId": KINDS[kind].type_id, "isSensitive": false }),
        }
    }

    fn told_from_both_ends(&self, relinked: &Relinked) -> Vec<Told> {
        let Relinked {
            a,
            b,
            before,
            after,
        } = *relinked;
        let mut told = Vec::new();
        // A link that goes takes all its types along, as one event.
        let gone = before & !after;
        let made = after & !before;
        for (types, removed) in [(gone, true), (made, false)] {
            if types == 0 {
                continue;
            }
            let back = self.links.types.inverse(a.0, b.0, types);
            told.push(self.told_link(a, b, types, removed));
            told.push(self.told_link(b, a, back, removed));
        }
        told
    }

    fn told_link(&self, from: Key, to: Key, types: Mask, removed: bool) -> Told {
        let names = [from.0, to.0].map(|kind| KINDS[kind].singular.to_uppercase());
        let primary = has_primary(from.0, to.0) && types & PRIMARY != 0;
        // Of several the first one besides the plain one, as lists have it.
        let labels = types & !PLAIN;
        let shown = if labels == 0 { types } else { labels };
        let link_type = self.links.types.chosen(from.0, to.0, shown).next();
        Told {
            kind: from.0,
            event: "associationChange",
            property: None,
            at_ms: self.clock.now_ms(),
            // Deliveries that were seen name a person, whoever it was, and no app.
            members: json!({
                "fromObjectId": from.1,
                "toObjectId": to.1,
                "associationRemoved": removed,
                "isPrimaryAssociation": primary,
                "changeSource": "USER",
            }),
            own: json!({ "associationType": names.join("_TO_") }),
            generic: json!({
                "fromObjectTypeId": KINDS[from.0].type_id,
                "toObjectTypeId": KINDS[to.0].type_id,
                "associationTypeId": link_type.map(|kind| kind.id),
                "associationCategory": link_type.map(|kind| kind.category()),
            }),
        }
    }
}
