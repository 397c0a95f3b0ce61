//! The filters of a search: reading them, and trying a record against them.

use std::cmp::Ordering;

use serde_json::Value;

use super::account::Account;
use super::clock::parse_time;
use super::kinds::find;
use super::objects::id_text;
use super::record::{Column, Record};
use super::reply::{Reply, invalid};
use super::store::Store;

const MAX_GROUPS: usize = 5;
const MAX_FILTERS_PER_GROUP: usize = 6;
const MAX_FILTERS: usize = 18;

/// How values of a property compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// As numbers.
    Number,
    /// As times.
    Time,
    /// As text, upper and lower case alike.
    Text,
    /// As it is written.
    Exact,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    Number(f64),
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Eq,
    Neq,
    Lt,
    Lte,
    Gt,
    Gte,
    Between,
    In,
    NotIn,
    Has,
    HasNot,
    Contains,
    ContainsNot,
}

#[derive(Debug)]
pub enum Filter {
    Value {
        column: Column,
        compare: Compare,
        operator: Operator,
        operands: Vec<Operand>,
    },
    /// Linked to this record of that type.
    Linked(usize, u64),
    /// A property that the search index of this type does not have.
    Nothing,
}

fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        "EQ" => Operator::Eq,
        "NEQ" => Operator::Neq,
        "LT" => Operator::Lt,
        "LTE" => Operator::Lte,
        "GT" => Operator::Gt,
        "GTE" => Operator::Gte,
        "BETWEEN" => Operator::Between,
        "IN" => Operator::In,
        "NOT_IN" => Operator::NotIn,
        "HAS_PROPERTY" => Operator::Has,
        "NOT_HAS_PROPERTY" => Operator::HasNot,
        "CONTAINS_TOKEN" => Operator::Contains,
        "NOT_CONTAINS_TOKEN" => Operator::ContainsNot,
        _ => return None,
    })
}

pub fn compare_of(store: &Store, column: Column) -> Compare {
    match store.schema.property(column).kind.as_str() {
        "number" => Compare::Number,
        "date" | "datetime" => Compare::Time,
        "enumeration" | "bool" => Compare::Exact,
        _ => Compare::Text,
    }
}

fn operand(compare: Compare, text: &str) -> Option<Operand> {
    Some(match compare {
        Compare::Number => Operand::Number(text.trim().parse().ok()?),
        Compare::Time => Operand::Number(parse_time(text)? as f64),
        Compare::Text => Operand::Text(text.to_lowercase()),
        Compare::Exact => Operand::Text(text.to_owned()),
    })
}

fn parse_filter(store: &Store, filter: &Value) -> Result<Filter, Reply> {
    let name = filter
        .get("propertyName")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let wanted = filter
        .get("operator")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let Some(operator) = operator(wanted) else {
        return Err(invalid(format!(
            "Invalid input JSON: \"{wanted}\" is not a search operator"
        )));
    };
    let text = |key: &str| {
        filter
            .get(key)
            .map(|value| id_text(Some(value)))
            .filter(|text| !text.is_empty())
    };
    if let Some(kind) = name.strip_prefix("associations.").and_then(find) {
        let id = text("value").and_then(|text| text.parse().ok());
        return id
            .map(|id| Filter::Linked(kind, id))
            .ok_or_else(|| invalid(format!("{name} needs a record id as its value")));
    }
    let Some(column) = store.schema.column(name) else {
        // Contacts have `lastmodifieddate`, everything else `hs_lastmodifieddate`;
        // the wrong one finds nothing and says nothing.
        return match name {
            "hs_lastmodifieddate" | "lastmodifieddate" => Ok(Filter::Nothing),
            _ => Err(invalid(format!(
                "There was a problem with the request: property {name} does not exist"
            ))),
        };
    };
    let compare = compare_of(store, column);
    let raw: Vec<String> = match operator {
        Operator::Has | Operator::HasNot => Vec::new(),
        Operator::Between => text("value").into_iter().chain(text("highValue")).collect(),
        Operator::In | Operator::NotIn => {
            let values = filter
                .get("values")
                .and_then(Value::as_array)
                .map(Vec::as_slice)
                .unwrap_or_default();
            // An upper-case string in the list never equals the lower-case index.
            values
                .iter()
                .map(|value| id_text(Some(value)))
                .filter(|v| compare != Compare::Text || *v == v.to_lowercase())
                .collect()
        }
        _ => text("value").into_iter().collect(),
    };
    let needed = match operator {
        Operator::Has | Operator::HasNot | Operator::In | Operator::NotIn => 0,
        Operator::Between => 2,
        _ => 1,
    };
    if raw.len() < needed {
        return Err(invalid(format!(
            "operator {wanted} on {name} requires {}",
            if needed == 2 {
                "value and highValue"
            } else {
                "a value"
            }
        )));
    }
    let tokens = matches!(operator, Operator::Contains | Operator::ContainsNot);
    let mut operands = Vec::new();
    for value in &raw {
        match operand(if tokens { Compare::Text } else { compare }, value) {
            Some(operand) => operands.push(operand),
            None => return Err(invalid(format!("{value} is not a valid value for {name}"))),
        }
    }
    Ok(Filter::Value {
        column,
        compare,
        operator,
        operands,
    })
}

/// The filter groups of a search; a record matches when one whole group does.
pub fn parse_groups(store: &Store, body: &Value) -> Result<Vec<Vec<Filter>>, Reply> {
    let mut groups = Vec::new();
    let mut total = 0;
    for group in body
        .get("filterGroups")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let filters = group
            .get("filters")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        total += filters.len();
        if filters.len() > MAX_FILTERS_PER_GROUP {
            return Err(invalid(format!(
                "A filter group may hold at most {MAX_FILTERS_PER_GROUP} filters"
            )));
        }
        groups.push(
            filters
                .iter()
                .map(|filter| parse_filter(store, filter))
                .collect::<Result<Vec<_>, _>>()?,
        );
    }
    if groups.len() > MAX_GROUPS || total > MAX_FILTERS {
        return Err(invalid(format!(
            "A search may hold at most {MAX_GROUPS} filter groups and {MAX_FILTERS} filters in all"
        )));
    }
    // Filters beside the groups are one more group.
    if let Some(filters) = body
        .get("filters")
        .and_then(Value::as_array)
        .filter(|filters| !filters.is_empty())
    {
        groups.push(
            filters
                .iter()
                .map(|filter| parse_filter(store, filter))
                .collect::<Result<Vec<_>, _>>()?,
        );
    }
    Ok(groups)
}

/// A record's value as a number, without parsing the two stamps that every poll filters by.
fn number_of(store: &Store, record: &Record, column: Column, compare: Compare) -> Option<f64> {
    if column == store.schema.modified {
        return Some(record.modified_ms as f64);
    }
    if column == store.schema.created {
        return Some(record.created_ms as f64);
    }
    if column == store.schema.id {
        return Some(record.id as f64);
    }
    let text = record.get(column)?;
    match compare {
        Compare::Time => parse_time(text).map(|ms| ms as f64),
        _ => text.parse().ok(),
    }
}

pub fn value_of(
    store: &Store,
    record: &Record,
    column: Column,
    compare: Compare,
) -> Option<Operand> {
    match compare {
        Compare::Number | Compare::Time => {
            number_of(store, record, column, compare).map(Operand::Number)
        }
        Compare::Text => record
            .get(column)
            .map(|text| Operand::Text(text.to_lowercase())),
        Compare::Exact => record
            .get(column)
            .map(|text| Operand::Text(text.to_owned())),
    }
}

pub fn order(a: &Operand, b: &Operand) -> Ordering {
    match (a, b) {
        (Operand::Number(a), Operand::Number(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
        (Operand::Text(a), Operand::Text(b)) => a.cmp(b),
        (Operand::Number(_), Operand::Text(_)) => Ordering::Less,
        (Operand::Text(_), Operand::Number(_)) => Ordering::Greater,
    }
}

/// Whether every word of the pattern is a word of the text; `*` stands for any letters.
fn has_tokens(text: &str, pattern: &str) -> bool {
    let words: Vec<String> = tokens(&text.to_lowercase(), false);
    tokens(pattern, true)
        .iter()
        .all(|token| words.iter().any(|word| wildcard(word, token)))
}

fn tokens(text: &str, keep_star: bool) -> Vec<String> {
    text.split(|c: char| !(c.is_alphanumeric() || keep_star && c == '*'))
        .filter(|token| !token.is_empty())
        .map(str::to_owned)
        .collect()
}

fn wildcard(word: &str, pattern: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return false;
    };
    if parts.len() == 1 {
        return word == pattern;
    }
    let Some(mut rest) = word.strip_prefix(first) else {
        return false;
    };
    for part in &parts[1..parts.len() - 1] {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

pub fn matches(account: &Account, kind: usize, record: &Record, filter: &Filter) -> bool {
    let store = &account.stores[kind];
    let Filter::Value {
        column,
        compare,
        operator,
        operands,
    } = filter
    else {
        return match filter {
            Filter::Linked(to, id) => {
                account.is_live((*to, *id))
                    && account.links.between((kind, record.id), (*to, *id)) != 0
            }
            _ => false,
        };
    };
    match operator {
        Operator::Has => return record.get(*column).is_some(),
        Operator::HasNot => return record.get(*column).is_none(),
        Operator::Contains | Operator::ContainsNot => {
            let Some(text) = record.get(*column) else {
                return *operator == Operator::ContainsNot;
            };
            let found = matches!(operands.first(), Some(Operand::Text(pattern)) if has_tokens(text, pattern));
            return found == (*operator == Operator::Contains);
        }
        _ => {}
    }
    let Some(value) = value_of(store, record, *column, *compare) else {
        return false;
    };
    // A multiple choice equals each of its parts.
    let equal = |wanted: &Operand| {
        value == *wanted
            || matches!((&value, wanted, compare), (Operand::Text(all), Operand::Text(one), Compare::Exact)
                if all.split(';').any(|part| part == one))
    };
    let against = |at: usize| operands.get(at).map(|operand| order(&value, operand));
    match operator {
        Operator::Eq => operands.first().is_some_and(equal),
        Operator::Neq => !operands.first().is_some_and(equal),
        Operator::In => operands.iter().any(equal),
        Operator::NotIn => !operands.iter().any(equal),
        Operator::Lt => against(0).is_some_and(Ordering::is_lt),
        Operator::Lte => against(0).is_some_and(Ordering::is_le),
        Operator::Gt => against(0).is_some_and(Ordering::is_gt),
        Operator::Gte => against(0).is_some_and(Ordering::is_ge),
        Operator::Between => {
            against(0).is_some_and(Ordering::is_ge) && against(1).is_some_and(Ordering::is_le)
        }
        _ => false,
    }
}
