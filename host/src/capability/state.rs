//! The connector's own durable state. In a preview it is written into the
//! preview's layer, so that the same code sees what it has just written.

use super::{BATCH_LIMIT, Guest, convert, within_batch};
use crate::contract::halo::integration::state::{Entry, Host, Write};
use crate::contract::halo::integration::types;
use crate::model::Failure;
use crate::store::StateWrite;

/// Writes of one commit: some for each record of a page.
const COMMIT_LIMIT: usize = 5_000;
/// Bytes of a key.
const KEY_LIMIT: usize = 500;
/// Bytes of one value; what is larger belongs into several entries.
const VALUE_LIMIT: usize = 1024 * 1024;

type Answer<T> = wasmtime::Result<Result<T, types::Failure>>;

impl Host for Guest {
    async fn get(&mut self, keys: Vec<String>) -> Answer<Vec<Option<Entry>>> {
        if let Err(failure) = within_batch(keys.len()) {
            return Ok(Err(failure.into()));
        }
        let found = self.store().state_get(&self.scope, &keys).await;
        Ok(convert::store_answer(found)?.map(|found| {
            found
                .into_iter()
                .map(|entry| entry.map(convert::entry_out))
                .collect()
        }))
    }

    async fn scan(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Answer<Vec<Entry>> {
        let limit = limit.min(u32::try_from(BATCH_LIMIT).unwrap_or(u32::MAX));
        let found = self
            .store()
            .state_scan(&self.scope, &prefix, after.as_deref(), limit)
            .await;
        Ok(convert::store_answer(found)?
            .map(|found| found.into_iter().map(convert::entry_out).collect()))
    }

    async fn commit(&mut self, writes: Vec<Write>) -> Answer<()> {
        let writes: Vec<StateWrite> = writes.into_iter().map(convert::write_in).collect();
        if let Err(failure) = self.may_write().and_then(|()| within_limits(&writes)) {
            return Ok(Err(failure.into()));
        }
        convert::store_answer(self.store().state_commit(&self.scope, &writes).await)
    }
}

fn within_limits(writes: &[StateWrite]) -> Result<(), Failure> {
    let limit = |message: String| Err(Failure::new("limit", message));
    if writes.len() > COMMIT_LIMIT {
        return limit(format!("At most {COMMIT_LIMIT} writes in one commit."));
    }
    for write in writes {
        if write.key.is_empty() || write.key.len() > KEY_LIMIT {
            return limit(format!("A state key has 1 to {KEY_LIMIT} bytes."));
        }
        if write
            .value
            .as_ref()
            .is_some_and(|value| value.len() > VALUE_LIMIT)
        {
            return limit(format!("A state value has at most {VALUE_LIMIT} bytes."));
        }
    }
    Ok(())
}
