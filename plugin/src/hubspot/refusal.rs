//! Why HubSpot refuses to write an object: which properties, and what a person can read.
//!
//! Source: HubSpot's error-handling page and recorded answers. The reasons stand in
//! `errors[]`, or only in the message as JSON behind `Property values were not valid:`;
//! "all fields should be treated as optional".

use serde::Deserialize;

use crate::failure::Failure;

/// The longest text of one reason: an option that is not known comes with all that are.
const LONGEST: usize = 300;

/// One entry of `errors[]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// A sentence.
    pub message: String,
    /// More of it.
    pub context: Context,
}

/// What errors are of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Context {
    /// Of a missing permission.
    pub required_granular_scopes: Vec<String>,
    /// Of a value that is not valid.
    pub property_name: Vec<String>,
    /// Of a conflict: the object that has the value already.
    pub existing_id: Vec<String>,
}

/// A reason as the message has it.
#[derive(Deserialize)]
struct Inline {
    #[serde(default)]
    message: String,
    #[serde(default)]
    name: String,
}

/// What HubSpot refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// By property, each once: why.
    pub properties: Vec<(String, String)>,
    /// The object that has the value already.
    pub existing: Option<String>,
}

impl Refusal {
    /// Reads an error.
    pub fn of(message: &str, details: &[Detail], context: &Context) -> Refusal {
        let mut refusal = Refusal {
            existing: context.existing_id.first().cloned(),
            ..Refusal::default()
        };
        for detail in details {
            for property in &detail.context.property_name {
                refusal.add(property, &detail.message);
            }
        }
        for inline in inline(message) {
            refusal.add(&inline.name, &inline.message);
        }
        for property in &context.property_name {
            refusal.add(property, message);
        }
        // `… propertyName=own_number, value=7} on 51. 1551 already has that value.`
        if let Some(property) = between(message, "propertyName=", ",") {
            refusal.add(property, "another object has that value");
            let holder = between(message, "} on ", " already has that value");
            let holder = holder.and_then(|text| text.rsplit(' ').next());
            refusal.existing = refusal.existing.or(holder.map(str::to_owned));
        }
        if let Some((_, id)) = message.split_once("Existing ID: ") {
            let id = id.split(|letter: char| !letter.is_ascii_digit()).next();
            let id = id.filter(|id| !id.is_empty()).map(str::to_owned);
            refusal.existing = refusal.existing.or(id);
        }
        refusal
    }

    fn add(&mut self, property: &str, why: &str) {
        let is_known = self.properties.iter().any(|(known, _)| known == property);
        if !property.is_empty() && !is_known {
            self.properties.push((property.to_owned(), short(why)));
        }
    }

    /// The reasons in one text; `message` where HubSpot names no property.
    pub fn text(&self, message: &str) -> String {
        if self.properties.is_empty() {
            return short(message);
        }
        let reasons = self.properties.iter();
        let reasons: Vec<String> = reasons
            .map(|(property, why)| format!("{property}: {why}"))
            .collect();
        reasons.join("; ")
    }

    /// A failure with what of it a later step needs.
    pub fn noted(&self, failure: Failure) -> Failure {
        let properties = self.properties.iter();
        let failure = properties.fold(failure, |failure, (property, _)| {
            failure.with("property", property)
        });
        match &self.existing {
            Some(id) => failure.with("existing", id),
            None => failure,
        }
    }
}

fn inline(message: &str) -> Vec<Inline> {
    let Some((_, json)) = message.split_once("Property values were not valid: ") else {
        return Vec::new();
    };
    // Text may follow; the first value is what is wanted.
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<Vec<Inline>>();
    let first = values.next().and_then(Result::ok);
    first.unwrap_or_default()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

fn short(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(message: &str) -> Refusal {
        Refusal::of(message, &[], &Context::default())
    }

    #[test]
    fn the_properties_are_read_from_the_message_and_from_the_details_each_once() {
        let message = r#"Property values were not valid: [{"isValid":false,"message":"Dentists was not one of the allowed options: [A, B]","error":"INVALID_OPTION","name":"industry"},{"isValid":false,"message":"again","error":"INVALID_OPTION","name":"industry"}]"#;
        let told = "industry: Dentists was not one of the allowed options: [A, B]";
        assert_eq!(of(message).text(message), told);
        let detail: Detail = serde_json::from_str(
            r#"{"message":"No.","code":"READ_ONLY_VALUE","context":{"propertyName":["a","b"]}}"#,
        )
        .unwrap();
        let refusal = Refusal::of("Some.", &[detail], &Context::default());
        assert_eq!(refusal.text("Some."), "a: No; b: No");
        let noted = refusal.noted(Failure::new("refused", "x"));
        let values: Vec<&str> = noted.attributes.iter().map(|a| a.value.as_str()).collect();
        assert_eq!(values, ["a", "b"]);
    }

    #[test]
    fn a_conflict_names_the_object_that_is_there_in_each_of_its_shapes() {
        let context = Context {
            existing_id: vec!["7".to_owned()],
            ..Context::default()
        };
        let existing = |refusal: Refusal| refusal.existing.unwrap_or_default();
        let message = "Contact already exists";
        assert_eq!(existing(Refusal::of(message, &[], &context)), "7");
        assert_eq!(
            existing(of("Contact already exists. Existing ID: 12345")),
            "12345"
        );
        assert_eq!(existing(of(message)), "");
        let unique = of(
            "Cannot set PropertyValueCoordinates{portalId=1, objectTypeId=0-2, propertyName=own_number, value=7} on 51. 1551 already has that value.",
        );
        assert_eq!(unique.properties[0].0, "own_number");
        assert_eq!(existing(unique), "1551");
    }

    #[test]
    fn what_is_no_list_of_properties_stays_as_it_is_and_is_never_endless() {
        let broken = "Property values were not valid: [{";
        assert_eq!(of(broken).text(broken), broken);
        let long = "ä".repeat(1_000);
        assert_eq!(of(&long).text(&long).chars().count(), LONGEST + 1);
    }
}
