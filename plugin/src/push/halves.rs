//! A batch that HubSpot refuses as a whole is sent in halves, down to the one that it
//! refuses: the others arrive.

use crate::failure::Failure;
use crate::hubspot::client::Trouble;
use crate::hubspot::objects::Page;

/// Sends all, in order; `done` takes what became of each part as soon as that is known.
pub fn send<T>(
    all: &[T],
    mut call: impl FnMut(&[T]) -> Result<Page, Trouble>,
    mut done: impl FnMut(&[T], Result<Page, Failure>) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let mut waiting = vec![all];
    while let Some(batch) = waiting.pop() {
        if batch.is_empty() {
            continue;
        }
        match call(batch) {
            Ok(page) => done(batch, Ok(page))?,
            Err(Trouble::Failed(failure))
                if matches!(failure.code.as_str(), "remote" | "exists") =>
            {
                if batch.len() == 1 {
                    done(batch, Err(failure))?;
                } else {
                    let (left, right) = batch.split_at(batch.len() / 2);
                    waiting.extend([right, left]);
                }
            }
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_refused_stops_no_other() {
        let mut calls = 0;
        let mut told = Vec::new();
        let call = |batch: &[i32]| {
            calls += 1;
            match batch.contains(&4) {
                true => Err(Trouble::Failed(Failure::new("remote", "No."))),
                false => Ok(Page::default()),
            }
        };
        send(&[1, 2, 3, 4, 5], call, |batch, answer| {
            told.push((batch.to_vec(), answer.is_ok()));
            Ok(())
        })
        .unwrap();
        let expected = [
            (vec![1, 2], true),
            (vec![3], true),
            (vec![4], false),
            (vec![5], true),
        ];
        assert_eq!((told.as_slice(), calls), (&expected[..], 7));
    }

    #[test]
    fn what_is_no_refusal_ends_it() {
        let denied = |_: &[i32]| Err(Trouble::Failed(Failure::new("denied", "No.")));
        assert!(send(&[1, 2], denied, |_, _| Ok(())).is_err());
        assert!(send(&[], denied, |_, _| Ok(())).is_ok());
    }
}
