//! The lane of a connection, by share. An import has it for as long as the account is large,
//! and a change that a person sees on the other side is not to wait for that: between two
//! slices of an import the remote's events and Halo's changes get a batch each, whichever
//! process imports. `share/others.rs` does it.
//!
//! **The rule.** After a batch, its kind owes the import as much of the lane's time as that
//! batch took; it gets the next one when that is paid back. So who waits, waits for no more
//! than one slice, or as long as its own last batch took; and where all three always have
//! something to do, each gets at least a third but for the last slice or batch.
//!
//! **Not in a preview.** It shows what an import would do now, over records as they are: in
//! its layer, records get the ids that come next, and so would those that an event makes
//! underneath it meanwhile.
//!
//! **Kept apart.** Each batch is a run of its own, so the counts of the import and its brake
//! know nothing of it. One that fails does not end the import: it comes again after a pause
//! that doubles, which the import remembers while it goes on; how long each event and change
//! pauses is in the store, whoever tries next.

use std::time::Duration;

mod others;

pub(crate) use others::Others;

/// What one of the others has had of the lane, and not paid back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    owed: Duration,
}

impl Share {
    /// Whether it gets a batch now.
    pub fn is_next(&self) -> bool {
        self.owed.is_zero()
    }

    /// It has had the lane for so long.
    pub fn has_had(&mut self, time: Duration) {
        self.owed = self.owed.saturating_add(time);
    }

    /// The import has had the lane for so long, or has waited and not needed it.
    pub fn import_has_had(&mut self, time: Duration) {
        self.owed = self.owed.saturating_sub(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A minute of slices and batches that take so many milliseconds, with always something
    /// due: how much the import had and the two others, and how long one of them waited at
    /// most.
    fn shared(slice: u64, batches: [u64; 2]) -> (u64, [u64; 2], u64) {
        let mut shares = [Share::default(); 2];
        let (mut import, mut others, mut waited, mut longest) = (0, [0; 2], [0; 2], 0);
        while import + others[0] + others[1] < 600_000 {
            import += slice;
            for index in 0..2 {
                shares[index].import_has_had(Duration::from_millis(slice));
                waited[index] += slice;
            }
            for index in 0..2 {
                if shares[index].is_next() {
                    shares[index].has_had(Duration::from_millis(batches[index]));
                    others[index] += batches[index];
                    longest = longest.max(waited[index]);
                    waited[index] = 0;
                }
            }
        }
        (import, others, longest)
    }

    #[test]
    fn none_of_three_starves_and_none_waits_for_more_than_a_slice_or_its_own_last_batch() {
        for (slice, batches) in [
            (15_000, [200, 3_000]),
            (15_000, [15_000, 15_000]),
            (15_000, [60_000, 100]),
            (100, [5_000, 5_000]),
            (100, [1, 170_000]),
        ] {
            let (import, others, longest) = shared(slice, batches);
            let all = import + others[0] + others[1];
            let told = format!("{slice} {batches:?}: {import} {others:?} {longest}");
            let last = slice.max(batches[0]).max(batches[1]);
            assert!(3 * (import + last) >= all, "{told}");
            assert!(longest < slice + last, "{told}");
            for (had, batch) in others.iter().zip(batches) {
                // One that always gets its batch after a slice can use no more.
                assert!(
                    *had >= import / slice * batch || had + last >= import,
                    "{told}"
                );
            }
        }
    }

    #[test]
    fn a_long_time_without_anything_due_is_no_credit() {
        let mut share = Share::default();
        share.import_has_had(Duration::from_secs(600));
        share.has_had(Duration::from_secs(2));
        assert!(!share.is_next());
        share.import_has_had(Duration::from_secs(1));
        assert!(!share.is_next());
        share.import_has_had(Duration::from_secs(1));
        assert!(share.is_next());
    }
}
