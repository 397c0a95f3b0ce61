//! What one call of a component may use. Each number is here with its reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::CallError;

/// Computing inside the guest. A page of 100 records takes a few milliseconds;
/// ten seconds are three orders of magnitude above what a slice needs and still
/// end a loop before anyone wonders.
pub const CPU_BUDGET: Duration = Duration::from_secs(10);

/// Wall time of one call. Above the longest pause that a slice rightly makes (a
/// full rate window, a slow answer, a few retries), below what a person waits.
pub const WALL_BUDGET: Duration = Duration::from_secs(180);

/// Linear memory of one instance. A page of the largest records is some
/// megabytes, and nothing survives the call.
pub const MEMORY_LIMIT: usize = 128 * 1024 * 1024;

/// Entries of one table; compilers put every function that is called
/// indirectly there.
pub const TABLE_LIMIT: usize = 100_000;

/// Core instances, memories and tables inside one component: a component made
/// of several modules has a handful.
pub const INSTANCE_LIMIT: usize = 32;

/// Handles (requests, streams, header lists) alive at once. A prefetching
/// connector holds about ten.
pub const HANDLE_LIMIT: usize = 1_000;

/// Bytes that one host call may make the host copy out of the guest.
pub const HOSTCALL_FUEL: usize = 64 * 1024 * 1024;

/// All header bytes of one request or response.
pub const HEADER_LIMIT: usize = 64 * 1024;

/// How often a running guest is interrupted to look at its budget.
pub const TICK: Duration = Duration::from_millis(10);

/// Keeps the memory of an instance within its limits, and remembers that it
/// went over, so that the trap can be named.
#[derive(Debug, Default)]
pub struct Memory {
    /// Whether more than the limit was asked for.
    pub exceeded: bool,
}

impl wasmtime::ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > MEMORY_LIMIT {
            self.exceeded = true;
            // A trap here names the cause; a refused growth would end in an
            // abort inside the guest that says nothing.
            return Err(wasmtime::Error::msg("memory limit"));
        }
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > TABLE_LIMIT {
            self.exceeded = true;
            return Err(wasmtime::Error::msg("table limit"));
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCE_LIMIT
    }

    fn tables(&self) -> usize {
        INSTANCE_LIMIT
    }

    fn memories(&self) -> usize {
        INSTANCE_LIMIT
    }
}

/// The time of one call. Waiting in a host call costs wall time only; computing
/// in the guest costs both.
#[derive(Debug)]
pub struct Budget {
    started: Instant,
    wall: Duration,
    cpu: Duration,
    used_nanos: AtomicU64,
    over: AtomicBool,
}

impl Budget {
    /// A budget that starts now.
    pub fn new(cpu: Duration, wall: Duration) -> Arc<Budget> {
        Arc::new(Budget {
            started: Instant::now(),
            wall,
            cpu,
            used_nanos: AtomicU64::new(0),
            over: AtomicBool::new(false),
        })
    }

    /// What is left: wall time, computing time.
    pub fn remaining(&self) -> (Duration, Duration) {
        let used = Duration::from_nanos(self.used_nanos.load(Ordering::Relaxed));
        (
            self.wall.saturating_sub(self.started.elapsed()),
            self.cpu.saturating_sub(used),
        )
    }

    /// Runs a guest call within this budget.
    ///
    /// The guest yields at every epoch tick, so the time between two polls of
    /// its future is the time that it computed: waiting is not counted, and a
    /// loop is seen after one tick.
    pub async fn watch<T>(
        &self,
        call: impl Future<Output = wasmtime::Result<T>> + Send,
    ) -> Result<wasmtime::Result<T>, CallError> {
        let mut call = Box::pin(call);
        let counted = std::future::poll_fn(|context| {
            let begun = Instant::now();
            let polled = call.as_mut().poll(context);
            let spent = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
            let used = self.used_nanos.fetch_add(spent, Ordering::Relaxed) + spent;
            if polled.is_pending() && Duration::from_nanos(used) > self.cpu {
                self.over.store(true, Ordering::Relaxed);
                return std::task::Poll::Ready(None);
            }
            polled.map(Some)
        });
        let (wall, _) = self.remaining();
        match tokio::time::timeout(wall, counted).await {
            Ok(Some(result)) => Ok(result),
            Ok(None) => Err(CallError::Cpu {
                seconds: self.cpu.as_secs_f32(),
            }),
            Err(_) => Err(CallError::Wall {
                seconds: self.wall.as_secs_f32(),
            }),
        }
    }
}
