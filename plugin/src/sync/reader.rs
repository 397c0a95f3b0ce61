//! How a page is asked for.

use super::cursor::Position;
use crate::entity::Spec;
use crate::hubspot::client::{Call, Client, Trouble};
use crate::hubspot::objects::{self, Page, Unanswered};
use crate::hubspot::version::Version;

/// How pages are asked for. HubSpot takes at most 3,000 characters for a search and
/// some thousand for an address; where the names of the properties alone would fill
/// that, a page is asked for without them and then completed by batch reads.
pub struct Reader {
    spec: &'static Spec,
    version: Version,
    properties: Vec<String>,
    is_wide: bool,
}

/// Characters of property names that a search has room for, beside its filters.
const NARROW: usize = 2_000;

impl Reader {
    /// For these properties.
    pub fn new(client: &Client, spec: &'static Spec, properties: &[&str]) -> Reader {
        // With quotes and a comma each.
        let width: usize = properties.iter().map(|name| name.len() + 3).sum();
        Reader {
            spec,
            version: client.version().clone(),
            properties: properties.iter().map(|name| (*name).to_owned()).collect(),
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
                position.call(&self.version, self.spec, &[self.spec.modified])
            }
            _ => position.call(&self.version, self.spec, &self.names()),
        }
    }

    /// Whether the associations of a page's objects come with it.
    pub fn has_associations(&self, position: &Position) -> bool {
        matches!(position, Position::List { .. })
            && !self.is_wide
            && !self.spec.associations.is_empty()
    }

    /// The call for objects by id.
    pub fn batch(&self, ids: &[String]) -> Call {
        objects::batch_read(&self.version, self.spec.objects, &self.names(), ids)
    }

    /// The call for objects by id in the recycling bin.
    pub fn archived(&self, ids: &[String]) -> Call {
        objects::batch_read_archived(&self.version, self.spec.objects, self.spec.names, ids)
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
