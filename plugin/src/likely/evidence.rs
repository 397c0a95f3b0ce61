//! What speaks for it that a company and a record are the same, in sentences for
//! administrators, and which suggestions come of it.

use serde_json::{Value, json};

use super::domain::domain;
use super::name::stem;
use crate::contract::halo::integration::records::Stored;
use crate::entity::company;
use crate::field::fold;
use crate::hubspot::objects::Object;
use crate::matching::text_of;
use crate::settings::Target;

/// The most records that are suggested for one company.
const MOST_FOR_ONE: usize = 3;
/// The most addresses that a sentence names.
const MOST_ADDRESSES: usize = 3;

/// A customer's fields that are compared.
pub const CUSTOMER_FIELDS: [&str; 4] = [company::NAME, DOMAIN, WEBSITE, company::INACTIVE];
/// The field of a customer's domain.
pub const DOMAIN: &str = "domain";
/// The field of a customer's website, by which no record can be looked up.
const WEBSITE: &str = "website";

/// A company for which a row is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    /// HubSpot's id.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// What its name has in common with other spellings of it.
    pub stem: Option<String>,
    /// Its domain, where that says anything.
    pub domain: Option<String>,
}

impl Company {
    /// Of HubSpot's object.
    pub fn of(object: &Object) -> Company {
        let title = company::title(object);
        Company {
            id: object.id.clone(),
            title: title.unwrap_or("(no name)").to_owned(),
            stem: title.and_then(stem),
            domain: object.property("domain").and_then(domain),
        }
    }
}

/// A likely row of the mapping table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    company: (String, String),
    target: Target,
    name: String,
    why: Vec<String>,
    strength: usize,
    /// Among those of the same strength, the greater the likelier.
    rank: (bool, usize, bool),
}

impl Suggestion {
    /// HubSpot's id of the company.
    pub fn company(&self) -> &str {
        &self.company.0
    }

    /// What people call the record.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As the contract has it.
    pub fn document(&self) -> Value {
        let (id, title) = &self.company;
        let (column, record) = match self.target {
            Target::Customer(id) => ("customer", id),
            Target::Site(id) => ("site", id),
        };
        json!({
            "row": { "company": id, column: record },
            "names": { "company": title, column: self.name },
            "why": self.why,
            "strength": self.strength,
        })
    }
}

/// The strongest first; of one strength, in the order of companies.
pub fn sort(suggestions: &mut [Suggestion]) {
    suggestions.sort_by_key(|suggestion| std::cmp::Reverse(suggestion.strength));
}

/// The best suggestions for a company. `customers` each come with the addresses of those
/// contacts of the company that are its users, one address for each contact.
pub fn best<'a>(
    company: &Company,
    customers: impl Iterator<Item = (&'a Stored, &'a [String])>,
) -> Vec<Suggestion> {
    let mut found: Vec<Suggestion> = customers
        .filter_map(|(customer, shared)| weigh(company, customer, shared))
        .collect();
    found.sort_by_key(|suggestion| {
        std::cmp::Reverse((
            suggestion.strength,
            suggestion.rank,
            std::cmp::Reverse(suggestion.target),
        ))
    });
    found.truncate(MOST_FOR_ONE);
    found
}

fn weigh(company: &Company, customer: &Stored, shared: &[String]) -> Option<Suggestion> {
    let name = text_of(customer, company::NAME).unwrap_or_default();
    let why: Vec<String> = [
        same_name(company, name),
        same_domain(company, customer),
        same_people(shared),
    ]
    .into_iter()
    .flatten()
    .collect();
    let is_inactive = text_of(customer, company::INACTIVE) == Some("true");
    let mut suggestion = Suggestion {
        company: (company.id.clone(), company.title.clone()),
        target: Target::Customer(customer.id),
        name: name.to_owned(),
        strength: why.len(),
        rank: (
            !is_inactive,
            shared.len(),
            fold(name) == fold(&company.title),
        ),
        why,
    };
    if is_inactive {
        let note = "The customer is inactive in Halo.";
        suggestion.why.push(note.to_owned());
    }
    (suggestion.strength > 0).then_some(suggestion)
}

fn same_name(company: &Company, name: &str) -> Option<String> {
    if fold(name) == fold(&company.title) {
        return Some(format!("Both are called “{}”.", name.trim()));
    }
    let stem = stem(name).filter(|stem| company.stem.as_ref() == Some(stem))?;
    Some(format!(
        "Both are called “{stem}”, legal forms and punctuation left out."
    ))
}

fn same_domain(company: &Company, customer: &Stored) -> Option<String> {
    let own = company.domain.as_deref()?;
    let has = |field| text_of(customer, field).and_then(domain).as_deref() == Some(own);
    if has(DOMAIN) {
        return Some(format!("Both have the domain {own}."));
    }
    has(WEBSITE).then(|| format!("The customer's website is at {own}, the company's domain."))
}

fn same_people(shared: &[String]) -> Option<String> {
    let named = shared[..shared.len().min(MOST_ADDRESSES)].join(", ");
    let more = match shared.len().saturating_sub(MOST_ADDRESSES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match shared.len() {
        0 => None,
        1 => Some(format!(
            "One contact of the company is a user of this customer, by e-mail: {named}."
        )),
        many => Some(format!(
            "{many} contacts of the company are users of this customer, by e-mail: {named}{more}."
        )),
    }
}

/// The only site that bears the name of a company that is like no customer; `customer` is
/// what people call the site's.
pub fn site(company: &Company, site: &Stored, customer: &str) -> Option<Suggestion> {
    let name = text_of(site, company::NAME)?;
    let why = vec![
        same_name(company, name)?,
        format!("It is a site of the customer “{customer}”."),
    ];
    Some(Suggestion {
        company: (company.id.clone(), company.title.clone()),
        target: Target::Site(site.id),
        name: name.to_owned(),
        strength: 1,
        rank: (true, 0, false),
        why,
    })
}

#[cfg(test)]
mod tests;
