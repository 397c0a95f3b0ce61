//! The objects of HubSpot that webhooks tell of, by every name that events call them.

use serde::{Deserialize, Serialize};

use crate::entity::{Spec, company, contact, deal, line_item, product, quote};
use crate::settings::webhooks::Webhooks;

/// A type of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectType {
    /// Becomes a customer, or a site.
    Company,
    /// Becomes a user.
    Contact,
    /// Becomes an item.
    Product,
    /// Becomes a ticket.
    Deal,
    /// Becomes a quotation.
    Quote,
    /// Becomes a line of a quotation.
    LineItem,
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Object {
    /// What it is.
    #[serde(rename = "type")]
    pub of: ObjectType,
    /// HubSpot's id; a number, but larger than some readers of JSON keep.
    pub id: String,
}

impl Object {
    /// Names it; all events of one object have one key.
    pub fn key(&self) -> String {
        format!("{}/{}", self.of.name(), self.id)
    }
}

impl ObjectType {
    /// All of them, in the order of imports.
    pub const ALL: [ObjectType; 6] = [
        ObjectType::Company,
        ObjectType::Contact,
        ObjectType::Product,
        ObjectType::Deal,
        ObjectType::Quote,
        ObjectType::LineItem,
    ];

    /// As HubSpot begins its own subscription types: `deal.creation`.
    pub fn name(self) -> &'static str {
        match self {
            ObjectType::Company => "company",
            ObjectType::Contact => "contact",
            ObjectType::Product => "product",
            ObjectType::Deal => "deal",
            ObjectType::Quote => "quote",
            ObjectType::LineItem => "line_item",
        }
    }

    /// As the generic subscription types have it beside them: `object.creation`.
    pub fn type_id(self) -> &'static str {
        match self.spec() {
            Some(spec) => spec.type_id,
            None => line_item::TYPE_ID,
        }
    }

    /// Its entity; lines of a quote have none of their own.
    pub fn spec(self) -> Option<&'static Spec> {
        match self {
            ObjectType::Company => Some(&company::SPEC),
            ObjectType::Contact => Some(&contact::SPEC),
            ObjectType::Product => Some(&product::SPEC),
            ObjectType::Deal => Some(&deal::SPEC),
            ObjectType::Quote => Some(&quote::SPEC),
            ObjectType::LineItem => None,
        }
    }

    /// The type of this name or number, in small letters or capitals.
    pub fn called(name: &str) -> Option<ObjectType> {
        ObjectType::ALL
            .into_iter()
            .find(|of| of.type_id() == name || of.name().eq_ignore_ascii_case(name))
    }

    /// Whether its events are wanted (S62); lines come with their quotes.
    pub fn is_on(self, switches: &Webhooks) -> bool {
        match self {
            ObjectType::Company => switches.companies,
            ObjectType::Contact => switches.contacts,
            ObjectType::Product => switches.items,
            ObjectType::Deal => switches.deals,
            ObjectType::Quote | ObjectType::LineItem => switches.quotations,
        }
    }

    /// Whether the record in Halo depends on the link with an object of the other type.
    /// Both ends of a link have an event; the other end's is of no use.
    pub fn depends_on(self, other: ObjectType) -> bool {
        let objects = other.spec().map_or(line_item::OBJECTS, |spec| spec.objects);
        match self.spec() {
            Some(spec) => spec.associations.contains(&objects),
            None => other == ObjectType::Quote,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_type_is_found_by_each_of_its_names() {
        for of in ObjectType::ALL {
            for name in [of.name(), of.type_id(), &of.name().to_uppercase()] {
                assert_eq!(ObjectType::called(name), Some(of), "{name}");
            }
            let json = serde_json::to_value(of).unwrap();
            assert_eq!(json, of.name());
        }
        for name in ["", "0-5", "ticket", "object", "deals"] {
            assert_eq!(ObjectType::called(name), None, "{name}");
        }
    }

    #[test]
    fn s62_each_switch_is_its_own_and_lines_come_with_quotes() {
        let on = |switches: Webhooks| {
            let on = ObjectType::ALL.into_iter().filter(|of| of.is_on(&switches));
            on.collect::<Vec<ObjectType>>()
        };
        let off = Webhooks::default();
        assert_eq!(on(off.clone()), []);
        let items = Webhooks {
            items: true,
            ..off.clone()
        };
        assert_eq!(on(items), [ObjectType::Product]);
        let quotations = Webhooks {
            quotations: true,
            ..off.clone()
        };
        assert_eq!(on(quotations), [ObjectType::Quote, ObjectType::LineItem]);
        let deals = Webhooks {
            deals: true,
            ..off.clone()
        };
        assert_eq!(on(deals), [ObjectType::Deal]);
        let people = Webhooks {
            companies: true,
            contacts: true,
            ..off
        };
        assert_eq!(on(people), [ObjectType::Company, ObjectType::Contact]);
    }

    #[test]
    fn of_the_two_events_of_a_link_one_is_wanted() {
        use ObjectType::{Company, Contact, Deal, LineItem, Quote};
        assert!(Contact.depends_on(Company) && !Company.depends_on(Contact));
        assert!(Deal.depends_on(Contact) && !Contact.depends_on(Deal));
        assert!(Quote.depends_on(LineItem) && LineItem.depends_on(Quote));
        assert!(Quote.depends_on(Deal) && !Deal.depends_on(Quote));
        assert!(!LineItem.depends_on(Deal));
    }
}
