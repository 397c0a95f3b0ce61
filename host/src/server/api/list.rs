//! Lists: the parameters of Halo's API as a filter of the store. Plain functions.

use super::error::ApiError;
use crate::model::{RecordId, Timestamp};
use crate::schema::{self, KindDef};
use crate::store::PageFilter;

/// Rows when nobody says how many.
const DEFAULT: u32 = 50;
/// Rows of one page at most; a larger size is cut in silence, as Halo does.
const LARGEST_PAGE: u32 = 1_000;
/// Rows of a list that is not paged at most: what a client that asks for everything
/// at once may make this host hold in memory.
const LARGEST_LIST: u32 = 10_000;

/// What was asked of a list.
#[derive(Debug)]
pub(super) struct Asked {
    /// Which records.
    pub(super) filter: PageFilter,
    /// Number and size of the page; nothing when it is not paged.
    pub(super) page: Option<(u64, u32)>,
    /// Whether long texts, custom fields and lines come with it.
    pub(super) details: bool,
    /// Whether a quotation's lines come with it.
    pub(super) lines: bool,
    /// Only users of this customer, whose sites have to be looked up.
    pub(super) users_of: Option<RecordId>,
}

/// Parameters by name; Halo does not look at the case of their letters.
pub(super) struct Parameters<'a>(pub(super) &'a [(String, String)]);

impl Parameters<'_> {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let mut all = self.0.iter();
        let found = all.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, ApiError> {
        match self.text(name).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(default),
            Some("true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(_) => Err(ApiError::wrong(name, format!("{name} is true or false."))),
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let number = text.strip_suffix(".0").unwrap_or(text).parse().ok();
        number
            .map(Some)
            .ok_or_else(|| ApiError::wrong(name, format!("{name} is a whole number.")))
    }

    fn time(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let parsed = [
            text.to_owned(),
            format!("{text}Z"),
            format!("{text}T00:00:00Z"),
        ]
        .iter()
        .find_map(|text| text.parse::<jiff::Timestamp>().ok());
        match parsed {
            Some(time) => Ok(Some(u64::try_from(time.as_millisecond()).unwrap_or(0))),
            None => Err(ApiError::wrong(
                name,
                format!("{name} is a time such as 2026-09-30T12:00:00Z."),
            )),
        }
    }
}

/// Reads the parameters of a list. Unknown ones are passed over, as Halo has many.
pub(super) fn read(kind: &KindDef, given: &[(String, String)]) -> Result<Asked, ApiError> {
    let given = Parameters(given);
    let page = match given.flag("pageinate", false)? {
        true => {
            let size = given.number("page_size")?.unwrap_or(u64::from(DEFAULT));
            let size = u32::try_from(size).unwrap_or(u32::MAX);
            let size = size.clamp(1, LARGEST_PAGE);
            Some((given.number("page_no")?.unwrap_or(1).max(1), size))
        }
        false => None,
    };
    let count = given.number("count")?.unwrap_or(u64::from(DEFAULT));
    let count = u32::try_from(count).unwrap_or(u32::MAX).min(LARGEST_LIST);
    let (offset, limit) = match page {
        Some((number, size)) => ((number - 1).saturating_mul(u64::from(size)), size),
        None => (0, count),
    };
    let active = match kind.fields.contains_key("inactive") {
        true => match (
            given.flag("includeactive", true)?,
            given.flag("includeinactive", false)?,
        ) {
            (true, true) => None,
            (active, _) => Some(active),
        },
        false => None,
    };
    let mut refers = Vec::new();
    for field in kind
        .fields
        .values()
        .filter(|field| field.type_name == "reference")
    {
        if let Some(id) = given.number(&field.name)? {
            refers.push((field.name.clone(), vec![id]));
        }
    }
    let title = schema::title_of(&kind.name);
    let details = given.flag("includedetails", false)?;
    Ok(Asked {
        filter: PageFilter {
            kind: kind.name.clone(),
            ids: None,
            search: given.text("search").map(str::to_owned),
            active,
            refers,
            changed_from: given.time("lastupdatefromdate")?,
            changed_to: given.time("lastupdatetodate")?,
            order: given
                .text("order")
                .filter(|order| order.eq_ignore_ascii_case(title))
                .map(|_| title.to_owned()),
            descending: given.flag("orderdesc", false)?,
            offset,
            limit,
        },
        page,
        details,
        lines: details || given.flag("includelines", false)?,
        users_of: match kind.name.as_str() {
            "user" => given.number("client_id")?,
            _ => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(kind: &str, given: &[(&str, &str)]) -> Result<Asked, ApiError> {
        let given: Vec<(String, String)> = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        read(&schema::kinds(&[])[kind], &given)
    }

    #[test]
    fn pages_count_from_one_and_are_cut_in_silence() {
        for (given, offset, limit) in [
            (&[][..], 0, 50),
            (&[("count", "7")], 0, 7),
            (&[("count", "100000")], 0, 10_000),
            // Without `pageinate`, a page means nothing.
            (&[("page_no", "3"), ("page_size", "10")], 0, 50),
            (
                &[("pageinate", "true"), ("page_no", "3"), ("page_size", "10")],
                20,
                10,
            ),
            (&[("Pageinate", "True"), ("page_size", "5000")], 0, 1_000),
            (
                &[("pageinate", "true"), ("page_no", "0"), ("page_size", "0")],
                0,
                1,
            ),
        ] {
            let filter = asked("customer", given).unwrap().filter;
            assert_eq!((filter.offset, filter.limit), (offset, limit), "{given:?}");
        }
    }

    #[test]
    fn what_is_out_of_use_comes_only_when_it_is_asked_for() {
        for (kind, given, active) in [
            ("customer", &[][..], Some(true)),
            ("customer", &[("includeinactive", "true")], None),
            (
                "customer",
                &[("includeinactive", "true"), ("includeactive", "false")],
                Some(false),
            ),
            ("ticket", &[], None),
        ] {
            assert_eq!(
                asked(kind, given).unwrap().filter.active,
                active,
                "{given:?}"
            );
        }
    }

    #[test]
    fn lists_are_narrowed_by_what_records_refer_to_and_by_their_last_change() {
        let sites = asked(
            "site",
            &[
                ("client_id", "12.0"),
                ("lastupdatefromdate", "2026-09-30T12:00:00"),
            ],
        );
        let filter = sites.unwrap().filter;
        assert_eq!(filter.refers, [("client_id".to_owned(), vec![12])]);
        assert_eq!(filter.changed_from, Some(1_790_769_600_000));
        let users = asked("user", &[("client_id", "12"), ("site_id", "3")]).unwrap();
        assert_eq!(users.users_of, Some(12));
        assert_eq!(users.filter.refers, [("site_id".to_owned(), vec![3])]);
    }

    #[test]
    fn a_parameter_that_is_none_is_refused_by_name() {
        for (name, value) in [
            ("page_no", "two"),
            ("pageinate", "maybe"),
            ("toplevel_id", "-1"),
            ("lastupdatefromdate", "yesterday"),
        ] {
            let given = [("pageinate", "true"), (name, value)];
            let given = if name == "pageinate" {
                &given[1..]
            } else {
                &given[..]
            };
            match asked("customer", given).unwrap_err() {
                ApiError::Wrong(places) => assert!(places.contains_key(name), "{places:?}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
