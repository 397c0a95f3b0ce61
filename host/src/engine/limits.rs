//! What one call of a component may use. Each number is here with its reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;

use super::CallError;

/// Computing inside the guest. A page of 100 records takes a few milliseconds;
/// ten seconds are three orders of magnitude above what a slice needs and still
/// end a loop before anyone wonders.
pub const CPU_BUDGET: Duration = Duration::from_secs(10);

/// Wall time of one call. Above the longest pause that a slice rightly makes (a
/// full rate window, a slow answer, a few retries), below what a person waits.
pub const WALL_BUDGET: Duration = Duration::from_secs(180);

/// How long one call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallTime {
    /// Computing in the guest.
    pub cpu: Duration,
    /// All of it, waiting included.
    pub wall: Duration,
}

impl Default for CallTime {
    /// [`CPU_BUDGET`] and [`WALL_BUDGET`]; only tests are less patient.
    fn default() -> CallTime {
        CallTime {
            cpu: CPU_BUDGET,
            wall: WALL_BUDGET,
        }
    }
}

/// Linear memory of one instance, all its memories together. A page of the largest records is some
/// megabytes, and nothing survives the call.
pub const MEMORY_LIMIT: usize = 128 * 1024 * 1024;

/// Entries of one table; compilers put every function that is called
/// indirectly there.
pub const TABLE_LIMIT: usize = 100_000;

/// Core instances and tables inside one component: a component made of several modules
/// has a handful.
pub const INSTANCE_LIMIT: usize = 32;

/// Memories inside one component: its modules share one, and an adapter may have another.
/// Each reserves addresses for every call that there may be at once.
pub const MEMORIES_LIMIT: usize = 4;

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
    /// All linear memories together.
    used: usize,
    /// Whether more than the limit was asked for.
    pub exceeded: bool,
}

impl Memory {
    /// All linear memories together; they never shrink.
    pub fn used(&self) -> usize {
        self.used
    }
}

impl wasmtime::ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // Wasm answers this with -1 by itself; nothing will have grown.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        // A component may consist of many modules with a memory each.
        let used = self.used.saturating_add(desired.saturating_sub(current));
        if used > MEMORY_LIMIT {
            self.exceeded = true;
            // A trap here names the cause; a refused growth would end in an
            // abort inside the guest that says nothing.
            return Err(wasmtime::Error::msg("memory limit"));
        }
        self.used = used;
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
        MEMORIES_LIMIT
    }
}

/// The time of one call. Waiting in a host call costs wall time only; computing
/// in the guest costs both.
#[derive(Debug)]
pub struct Budget {
    started: Instant,
    time: CallTime,
    used_nanos: AtomicU64,
}

impl Budget {
    /// A budget that starts now.
    pub fn new(time: CallTime) -> Arc<Budget> {
        Arc::new(Budget {
            started: Instant::now(),
            time,
            used_nanos: AtomicU64::new(0),
        })
    }

    /// Since its start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// What is left: wall time, computing time.
    pub fn remaining(&self) -> (Duration, Duration) {
        let used = Duration::from_nanos(self.used_nanos.load(Ordering::Relaxed));
        (
            self.time.wall.saturating_sub(self.started.elapsed()),
            self.time.cpu.saturating_sub(used),
        )
    }

    /// Runs a guest call within this budget.
    ///
    /// The guest yields at every epoch tick, so what its thread computes in one poll of
    /// its future is what it computed: waiting is not counted, neither for a host call
    /// nor for a core on a busy machine, and a loop is seen after one tick.
    pub async fn watch<T>(
        &self,
        call: impl Future<Output = wasmtime::Result<T>> + Send,
    ) -> Result<wasmtime::Result<T>, CallError> {
        let mut call = Box::pin(call);
        let counted = std::future::poll_fn(|context| {
            let begun = ThreadTime::now();
            let polled = call.as_mut().poll(context);
            let spent = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
            let used = self.used_nanos.fetch_add(spent, Ordering::Relaxed) + spent;
            if polled.is_pending() && Duration::from_nanos(used) > self.time.cpu {
                return std::task::Poll::Ready(None);
            }
            polled.map(Some)
        });
        let (wall, _) = self.remaining();
        match tokio::time::timeout(wall, counted).await {
            Ok(Some(result)) => Ok(result),
            Ok(None) => Err(CallError::Cpu {
                seconds: self.time.cpu.as_secs_f32(),
            }),
            Err(_) => Err(CallError::Wall {
                seconds: self.time.wall.as_secs_f32(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::component::{Component, Linker};

    /// A section of a binary module or component: its number, its length, itself.
    fn section(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number], &leb(content.len())[..], content].concat()
    }

    /// A number as WebAssembly writes it (LEB128).
    fn leb(mut number: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let seven = (number & 0x7f) as u8;
            number >>= 7;
            if number == 0 {
                bytes.push(seven);
                return bytes;
            }
            bytes.push(seven | 0x80);
        }
    }

    /// A component that makes `count` instances of a module with these sections.
    fn component(count: usize, sections: &[u8]) -> Vec<u8> {
        let module = [b"\0asm\x01\0\0\0", sections].concat();
        // Each: instantiate, module 0, no arguments.
        let instances = [leb(count), [0, 0, 0].repeat(count)].concat();
        [
            b"\0asm\x0d\0\x01\0".to_vec(),
            section(1, &module),
            section(2, &instances),
        ]
        .concat()
    }

    fn memory_of(pages: usize) -> Vec<u8> {
        section(5, &[vec![1, 0], leb(pages)].concat())
    }

    fn table_of(entries: usize) -> Vec<u8> {
        section(4, &[vec![1, 0x70, 0], leb(entries)].concat())
    }

    /// Instantiates; answers whether a limit was named, and why it failed.
    async fn instantiate(bytes: Vec<u8>) -> Result<(), (bool, String)> {
        let mut config = wasmtime::Config::new();
        super::super::pool::set_aside(&mut config);
        let engine = wasmtime::Engine::new(&config).unwrap();
        let component = Component::new(&engine, bytes).unwrap();
        let mut store = wasmtime::Store::new(&engine, Memory::default());
        store.limiter(|memory| memory);
        let made = Linker::new(&engine)
            .instantiate_async(&mut store, &component)
            .await;
        let exceeded = store.data().exceeded;
        made.map(drop)
            .map_err(|error| (exceeded, error.root_cause().to_string()))
    }

    const PAGE: usize = 64 * 1024;

    #[tokio::test]
    async fn the_memories_of_all_modules_count_together() {
        let half = MEMORY_LIMIT / PAGE / 2;
        assert_eq!(instantiate(component(2, &memory_of(half))).await, Ok(()));
        for (count, pages) in [(1, 2 * half + 1), (2, half + 1), (3, half)] {
            let (exceeded, why) = instantiate(component(count, &memory_of(pages)))
                .await
                .unwrap_err();
            assert!(
                exceeded && why.contains("memory limit"),
                "{count} of {pages}: {why}"
            );
        }
    }

    #[tokio::test]
    async fn a_table_that_is_too_large_is_refused() {
        assert_eq!(
            instantiate(component(1, &table_of(TABLE_LIMIT))).await,
            Ok(())
        );
        let (_, why) = instantiate(component(1, &table_of(TABLE_LIMIT + 1)))
            .await
            .unwrap_err();
        assert!(why.contains("table limit"), "{why}");
    }

    #[tokio::test]
    async fn too_many_instances_memories_or_tables_are_refused() {
        for (limit, sections) in [
            (INSTANCE_LIMIT, Vec::new()),
            (INSTANCE_LIMIT, table_of(1)),
            (MEMORIES_LIMIT, memory_of(1)),
        ] {
            let most = component(limit, &sections);
            assert_eq!(instantiate(most).await, Ok(()));
            let more = component(limit + 1, &sections);
            let (_, why) = instantiate(more).await.unwrap_err();
            assert!(why.contains("limit"), "{why}");
        }
    }

    #[test]
    fn a_growth_that_the_module_itself_forbids_uses_nothing() {
        use wasmtime::ResourceLimiter as _;
        let mut memory = Memory::default();
        for _ in 0..1_000 {
            let grown = memory
                .memory_growing(PAGE, MEMORY_LIMIT, Some(2 * PAGE))
                .unwrap();
            assert!(!grown);
        }
        assert!(memory.memory_growing(0, MEMORY_LIMIT, None).unwrap());
    }

    #[test]
    fn production_gives_ten_seconds_of_computing_and_three_minutes_in_all() {
        let time = CallTime::default();
        assert_eq!((time.cpu, time.wall), (CPU_BUDGET, WALL_BUDGET));
        let (wall, cpu) = Budget::new(time).remaining();
        assert!(wall > Duration::from_secs(170) && cpu == CPU_BUDGET);
    }

    #[tokio::test]
    async fn time_in_which_the_thread_has_no_core_is_not_computing() {
        let time = CallTime {
            cpu: Duration::from_millis(20),
            wall: Duration::from_secs(60),
        };
        let mut polls = 0;
        // As on a busy machine: the thread is in the middle of a poll and does not run.
        let call = std::future::poll_fn(move |context| {
            std::thread::sleep(Duration::from_millis(40));
            polls += 1;
            if polls == 2 {
                return std::task::Poll::Ready(Ok(()));
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        });
        let ended = Budget::new(time).watch(call).await;
        assert!(matches!(ended, Ok(Ok(()))), "{ended:?}");
    }
}
