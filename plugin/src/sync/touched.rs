//! Quotes whose lines changed. HubSpot keeps lines as objects of their own: a change of
//! one does not move its quote's time of change, and one that is removed is in no search
//! at all. So the lines that changed are searched for, and the lines that each linked
//! quote has now are compared with those that it had.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::cursor::{OVERLAP_MS, Position, Touch};
use super::gone::Gone;
use super::import::Job;
use super::lines;
use super::{keys, memory};
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{self, Page};
use crate::hubspot::search::Changes;

/// What matters of [`super::plan::Agreed`] here; the rest is not read.
#[derive(Deserialize)]
struct Lined {
    #[serde(default)]
    lines: BTreeMap<String, Stamped>,
    #[serde(default)]
    gone: Option<Gone>,
}

#[derive(Deserialize)]
struct Stamped {
    #[serde(default)]
    modified: Option<String>,
}

impl Job<'_> {
    /// The next batch of them; nothing when there are no more.
    pub(super) fn touched(
        &self,
        client: &mut Client,
        mut rest: Vec<String>,
        mut touch: Touch,
    ) -> Result<Option<Position>, Trouble> {
        loop {
            if !rest.is_empty() {
                let left = rest.split_off(rest.len().min(objects::BATCH_LIMIT));
                return Ok(Some(Position::Touched {
                    ids: rest,
                    rest: left,
                    touch,
                }));
            }
            (rest, touch) = match touch {
                Touch::Changed(from) => {
                    let from = match from {
                        Some(changes) => changes,
                        None => Changes::since(self.since()?),
                    };
                    let (ids, next) = self.with_changed_lines(client, &from)?;
                    let next = next.map_or(Touch::Sets(None), |next| Touch::Changed(Some(next)));
                    (ids, next)
                }
                Touch::Sets(after) => match self.with_other_lines(client, after)? {
                    Some((ids, after)) => (ids, Touch::Sets(Some(after))),
                    None => return Ok(None),
                },
            };
        }
    }

    fn since(&self) -> Result<u64, Failure> {
        let until = self.watermark()?.map(|watermark| watermark.until);
        Ok(until.unwrap_or_default().saturating_sub(OVERLAP_MS))
    }

    /// The objects of a page of lines that changed, without those whose lines are known
    /// to be as they are now; and where the next page is.
    fn with_changed_lines(
        &self,
        client: &mut Client,
        changes: &Changes,
    ) -> Result<(Vec<String>, Option<Changes>), Trouble> {
        let Some(kind) = &self.section.spec().lines else {
            return Ok((Vec::new(), None));
        };
        let call = changes.call(
            client.version(),
            kind.objects,
            kind.modified,
            &[kind.modified],
        );
        let page: Page = client.read(call)?;
        let lines: Vec<String> = page.results.iter().map(|line| line.id.clone()).collect();
        let of = lines::quotes_of(client, &lines)?;
        let ids: BTreeSet<&String> = of.values().collect();
        let ids: Vec<String> = ids.into_iter().cloned().collect();
        let agreed_keys: Vec<String> = ids.iter().map(|id| keys::agreed(&self.scope, id)).collect();
        let known = memory::get_all::<Lined>(&agreed_keys)?;
        let known: BTreeMap<&String, Lined> = ids
            .iter()
            .zip(known)
            .filter_map(|(id, known)| Some((id, known?)))
            .collect();
        let is_news = |line: &&objects::Object| {
            let known = of.get(&line.id).and_then(|quote| known.get(quote));
            let stamp = known.and_then(|known| known.lines.get(&line.id)?.modified.as_deref());
            stamp.is_none() || stamp != line.property(kind.modified)
        };
        let changed: BTreeSet<&String> = page
            .results
            .iter()
            .filter(is_news)
            .filter_map(|line| of.get(&line.id))
            .collect();
        let next = changes.after(&page, kind.modified)?;
        Ok((changed.into_iter().cloned().collect(), next))
    }

    /// Of the next linked objects those that have other lines than they had, and the last
    /// one that was looked at; nothing where there are no more.
    fn with_other_lines(
        &self,
        client: &mut Client,
        after: Option<String>,
    ) -> Result<Option<(Vec<String>, String)>, Trouble> {
        let after = after.map(|id| keys::agreed(&self.scope, &id));
        let known: Vec<(String, Lined)> = memory::scan_some(
            &keys::agreed_prefix(&self.scope),
            after.as_deref(),
            lines::PER_CALL as u32,
        )?;
        let Some((last, _)) = known.last() else {
            return Ok(None);
        };
        let last = last.clone();
        let known = known.into_iter().filter(|(_, known)| known.gone.is_none());
        let known: BTreeMap<String, Lined> = known.collect();
        let ids: Vec<String> = known.keys().cloned().collect();
        let now = lines::of_quotes(client, &ids)?;
        let is_other = |id: &&String| {
            let had = known
                .get(*id)
                .into_iter()
                .flat_map(|known| known.lines.keys());
            let has = now.get(*id).into_iter().flatten();
            had.ne(has)
        };
        let others = ids.iter().filter(is_other).cloned().collect();
        Ok(Some((others, last)))
    }
}
