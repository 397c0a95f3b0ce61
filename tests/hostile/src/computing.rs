//! Time, memory, stack and crashes: what ends a call without an answer.

use std::hint::black_box;

use crate::contract::wasi::clocks::monotonic_clock;
use crate::misdeed::Outcome;

/// Computes and never ends.
pub fn compute_for_ever() -> Outcome {
    let mut count = 0u64;
    loop {
        count = black_box(count.wrapping_add(1));
    }
}

/// Waits longer than any call may take, without computing.
pub fn sleep_for_an_hour() -> Outcome {
    const HOUR_NS: u64 = 3_600 * 1_000_000_000;
    monotonic_clock::subscribe_duration(HOUR_NS).block();
    Ok(())
}

/// Allocates and never frees.
pub fn eat_memory() -> Outcome {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    loop {
        eaten.push(vec![1; 1024 * 1024]);
        black_box(&eaten);
    }
}

/// Calls itself and never returns.
pub fn recurse_for_ever() -> Outcome {
    black_box(deeper(0));
    Ok(())
}

fn deeper(depth: u64) -> u64 {
    // A condition that the compiler cannot see through, and work after the call, so
    // that it stays a recursion.
    if black_box(depth) == u64::MAX {
        return 0;
    }
    black_box(deeper(depth + 1)).wrapping_add(depth)
}

/// Crashes.
pub fn crash() -> Outcome {
    panic!("as asked")
}
