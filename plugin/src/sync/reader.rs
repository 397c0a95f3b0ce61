//! How a page is asked for.

use super::cursor::Position;
use crate::entity::company::{self, MODIFIED, Mapped, OBJECTS};
use crate::hubspot::client::{Call, Client, Trouble};
use crate::hubspot::objects::{self, Page, Unanswered};
use crate::hubspot::version::Version;

/// How pages are asked for. HubSpot takes at most 3,000 characters for a search and
/// some thousand for an address; where the names of the properties alone would fill
/// that, a page is asked for without them and then completed by batch reads.
pub struct Reader {
    version: Version,
    properties: Vec<String>,
    is_wide: bool,
}

/// Characters of property names that a search has room for, beside its filters.
const NARROW: usize = 2_000;

impl Reader {
    /// For these fields.
    pub fn new(client: &Client, fields: &[Mapped]) -> Reader {
        let properties = company::properties(fields);
        // With quotes and a comma each.
        let width: usize = properties.iter().map(|name| name.len() + 3).sum();
        Reader {
            version: client.version().clone(),
            properties: properties.into_iter().map(str::to_owned).collect(),
            is_wide: width > NARROW,
        }
    }

    fn names(&self) -> Vec<&str> {
        self.properties.iter().map(String::as_str).collect()
    }

    /// The call for a page.
    pub fn call(&self, position: &Position) -> Call {
        match position {
            Position::List { .. } | Position::Changes(_) if self.is_wide => {
                position.call(&self.version, OBJECTS, MODIFIED, &[MODIFIED])
            }
            _ => position.call(&self.version, OBJECTS, MODIFIED, &self.names()),
        }
    }

    /// The call for objects by id.
    pub fn batch(&self, ids: &[String]) -> Call {
        objects::batch_read(&self.version, OBJECTS, &self.names(), ids)
    }

    /// The call for objects by id in the recycling bin.
    pub fn archived(&self, ids: &[String]) -> Call {
        objects::batch_read_archived(&self.version, OBJECTS, &["name", "domain"], ids)
    }

    /// Reads the properties of a page that was asked for without them.
    pub fn complete(
        &self,
        client: &mut Client,
        page: &mut Page,
    ) -> Result<Vec<Unanswered>, Trouble> {
        let mut unanswered = Vec::new();
        if !self.is_wide {
            return Ok(unanswered);
        }
        let ids: Vec<String> = page.results.drain(..).map(|object| object.id).collect();
        for ids in ids.chunks(objects::BATCH_LIMIT) {
            let mut batch: Page = client.read(self.batch(ids))?;
            unanswered.extend(batch.unanswered(ids));
            page.results.append(&mut batch.results);
        }
        Ok(unanswered)
    }
}
