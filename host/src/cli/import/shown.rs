//! A preview as people read it: its rows by outcome, their sums, and the command that
//! imports exactly that. With conditions, all of it is about the rows that they choose.

use std::collections::BTreeMap;

use super::{Preview, given};
use crate::cli::{Context, Done, Ended, rows};
use crate::connection::Connection;
use crate::deviations::outcome_of;
use crate::filter;
use crate::model::RunId;
use crate::runs::Summary;
use crate::store::{Counts, ReportedRow};

/// What conditions choose of a preview.
#[derive(Default)]
struct Matching {
    counts: Counts,
    /// Rows of each outcome, as many as are shown.
    first: BTreeMap<String, Vec<ReportedRow>>,
}

impl Preview {
    /// Page by page, so that memory does not grow with the rows.
    async fn matching(&self, connection: &Connection, run: RunId) -> Result<Matching, Ended> {
        let mut matching = Matching::default();
        let mut pages = rows::Pages::of(connection.store(), run, &[]);
        while let Some(mut page) = pages.next().await? {
            page.retain(|row| filter::matches(&self.conditions, row));
            for row in page {
                rows::count(&mut matching.counts, &row);
                let first = matching
                    .first
                    .entry(outcome_of(&row).to_owned())
                    .or_default();
                if first.len() < self.limit as usize {
                    first.push(row);
                }
            }
        }
        Ok(matching)
    }

    /// The preview as people read it.
    pub(super) async fn show(
        &self,
        context: &Context,
        connection: &Connection,
        summary: &Summary,
    ) -> Done {
        let (store, run) = (connection.store(), summary.run);
        let mut matching = None;
        if !self.conditions.is_empty() {
            matching = Some(self.matching(connection, run).await?);
        }
        let counts = match &matching {
            Some(matching) => matching.counts,
            None => summary.counts,
        };
        let mut shown = counts.unchanged;
        for outcome in rows::SHOWN {
            let page = match &matching {
                Some(matching) => matching.first.get(outcome).cloned().unwrap_or_default(),
                None => rows::read(store, run, &[outcome], None, self.limit).await?,
            };
            shown += page.len() as u64;
            if let Some(table) = rows::table_of(outcome, &page, &counts) {
                context.out.say(&format!("\n{table}"));
            }
        }
        if shown < counts.read {
            context
                .out
                .say("Not all rows are shown; --limit says how many of each outcome.");
        }
        let line = match &matching {
            Some(_) => Some(rows::match_line(&counts, summary.counts.read)),
            None => rows::count_line(&counts, summary.state, "to be "),
        };
        if let Some(line) = line {
            context.out.say(&format!("\n{line}"));
        }
        if let Some(question) = &summary.brake {
            context.out.say(&format!(
                "{question}: an import that is not confirmed stops before that."
            ));
        }
        if summary.state != "done" {
            return Ok(());
        }
        let is_nothing = matching.is_some() && counts.created + counts.updated == 0;
        context.out.say(&match is_nothing {
            true => "Nothing was written, and there is nothing of that to import.".to_owned(),
            false => format!(
                "Nothing was written. To import exactly this: halo-host import {} {} --preview {run}{}",
                connection.name,
                summary.entity,
                given(&self.conditions)
            ),
        });
        Ok(())
    }
}
