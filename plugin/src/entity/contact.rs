//! Contacts: HubSpot contacts become Halo users. In Halo a user sits at a site of a
//! customer, so a contact's company decides where.

use std::collections::BTreeMap;

use super::{Mapped, Place, Source, Spec};
use crate::field::convert::Conversion;
use crate::hubspot::associations::Associated;
use crate::hubspot::objects::{MERGED, Object};
use crate::settings::FieldRow;

// In HubSpot

/// Its names.
pub const SPEC: Spec = Spec {
    objects: "contacts",
    one: "contact",
    type_id: "0-1",
    modified: MODIFIED,
    names: &["firstname", "lastname", "email"],
    associations: &["companies"],
    lines: None,
    kind: KIND,
    records: "Users",
    reserved: &[(SITE, "/contacts/default-site")],
};
/// The property that holds the time of the last change; all other objects have
/// `hs_lastmodifieddate`, and asking contacts by that finds nothing, without an error.
const MODIFIED: &str = "lastmodifieddate";
/// The primary company.
pub const COMPANY: &str = "associatedcompanyid";
/// Addresses besides `email`, separated by semicolons.
const MORE_EMAILS: &str = "hs_additional_emails";
/// What [`emails`] reads.
pub const EMAIL_PROPERTIES: [&str; 2] = ["email", MORE_EMAILS];

/// What is always asked for.
pub const PROPERTIES: &[&str] = &[
    "email",
    "firstname",
    "lastname",
    COMPANY,
    MORE_EMAILS,
    MODIFIED,
    MERGED,
];

// In Halo

/// The kind of record that a contact becomes.
pub const KIND: &str = "user";
/// Where a user sits.
pub const SITE: &str = "site_id";
/// The name; a user always has one.
pub const NAME: &str = "name";
/// The address that a contact is recognised by.
pub const EMAIL: &str = "emailaddress";
/// Every field that holds an address (A7).
pub const EMAILS: [&str; 3] = [EMAIL, "email2", "email3"];

// Which fields sync which way

/// Fields that need no mapping row (S21): HubSpot's property, Halo's field. The name
/// is made of first and last name.
pub const FIXED: [(&str, &str); 5] = [
    ("firstname", "firstname"),
    ("lastname", "surname"),
    ("email", EMAIL),
    ("phone", "phonenumber"),
    ("mobilephone", "mobilenumber"),
];

/// The fields that an import fills: the mapping rows, then the fixed rows for fields
/// that no mapping row fills.
pub fn fields(rows: &[FieldRow], conversions: &BTreeMap<String, Conversion>) -> Vec<Mapped> {
    let mut fields: Vec<Mapped> = rows
        .iter()
        .map(|row| Mapped::row(row, conversions.get(&row.field).cloned()))
        .collect();
    let property = |name: &str| Source::Property(name.to_owned());
    let fixed = FIXED.map(|(name, field)| (property(name), field));
    for (source, field) in fixed.into_iter().chain([(Source::ContactName, NAME)]) {
        if !fields.iter().any(|known| known.field == field) {
            fields.push(Mapped::fixed(Place::Own, source, field));
        }
    }
    fields
}

// Key and name

/// What people call it. HubSpot asks for one of first name, last name and e-mail.
pub fn title(contact: &Object) -> Option<String> {
    let names = ["firstname", "lastname"].map(|name| contact.property(name).unwrap_or_default());
    let name = names.join(" ").trim().to_owned();
    if name.is_empty() {
        email(contact).map(str::to_owned)
    } else {
        Some(name)
    }
}

/// Its e-mail address.
pub fn email(contact: &Object) -> Option<&str> {
    let email = contact.property("email").map(str::trim);
    email.filter(|email| !email.is_empty())
}

/// All its addresses, the first one first.
pub fn emails(contact: &Object) -> Vec<&str> {
    let more = contact.property(MORE_EMAILS).unwrap_or_default();
    email(contact)
        .into_iter()
        .chain(more.split(';').map(str::trim))
        .filter(|email| !email.is_empty())
        .collect()
}

// Its company

/// The companies of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Company {
    /// The one that counts (A5): the primary company, or the only one.
    One(String),
    /// None.
    None,
    /// Several, and none of them is primary.
    Several(Vec<String>),
    /// The answer does not tell; its associations must be asked for.
    Unknown,
}

/// What an answer tells of a contact's company. `associated` are the companies it is
/// associated with, and whether as its primary one, where that was asked for.
pub fn company(contact: &Object, associated: Option<&[Associated]>) -> Company {
    company_by(COMPANY, contact, associated)
}

/// The same of any object; `primary` is the property that holds its primary company.
pub fn company_by(primary: &str, object: &Object, associated: Option<&[Associated]>) -> Company {
    if let Some(primary) = object.property(primary) {
        return Company::One(primary.to_owned());
    }
    let Some(associated) = associated else {
        return Company::Unknown;
    };
    if let Some(primary) = associated.iter().find(|company| company.is_primary) {
        return Company::One(primary.id.clone());
    }
    // A company appears once for each label.
    let mut ids: Vec<String> = associated
        .iter()
        .map(|company| company.id.clone())
        .collect();
    ids.sort();
    ids.dedup();
    match ids.as_slice() {
        [] => Company::None,
        [id] => Company::One(id.clone()),
        _ => Company::Several(ids),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_called_by_its_names_or_its_address() {
        let title = |properties: &[(&str, &str)]| title(&Object::with("1", properties));
        assert_eq!(
            title(&[("firstname", "Ada"), ("lastname", "Lovelace")]).as_deref(),
            Some("Ada Lovelace")
        );
        assert_eq!(title(&[("lastname", " Li ")]).as_deref(), Some("Li"));
        assert_eq!(
            title(&[("email", "a@b.example")]).as_deref(),
            Some("a@b.example")
        );
        assert_eq!(title(&[]), None);
    }

    #[test]
    fn a7_additional_addresses_count() {
        let contact = Object::with(
            "1",
            &[
                ("email", "a@b.example"),
                (MORE_EMAILS, "c@d.example; ;e@f.example"),
            ],
        );
        assert_eq!(
            emails(&contact),
            ["a@b.example", "c@d.example", "e@f.example"]
        );
    }

    /// Primary property, associations (`-` for not asked), expected.
    fn check(primary: &str, associations: &str, expected: Company) {
        let contact = Object::with("1", &[(COMPANY, primary)]);
        let pairs: Vec<Associated> = associations
            .split_whitespace()
            .filter_map(|pair| pair.split_once(':'))
            .map(|(id, label)| Associated {
                id: id.to_owned(),
                is_primary: label == "primary",
            })
            .collect();
        let asked = (associations != "-").then_some(pairs.as_slice());
        assert_eq!(
            company(&contact, asked),
            expected,
            "{primary} {associations}"
        );
    }

    #[test]
    fn a5_the_primary_company_decides_or_the_only_one() {
        let one = |id: &str| Company::One(id.to_owned());
        check("7", "-", one("7"));
        check("7", "8:other", one("7"));
        check("", "-", Company::Unknown);
        check("", "", Company::None);
        check("", "8:other 8:primary", one("8"));
        check("", "8:other 8:other", one("8"));
        check(
            "",
            "9:other 8:other",
            Company::Several(vec!["8".to_owned(), "9".to_owned()]),
        );
    }
}
