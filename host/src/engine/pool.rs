//! Where instances live. One lives for a single call, so what it needs (linear memory,
//! tables, a stack) is set aside once and used again: mapping it anew for each call costs
//! the kernel about as much as a connector computes for a small webhook.

use std::sync::Arc;

use tokio::sync::Semaphore;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::limits::{INSTANCE_LIMIT, MEMORIES_LIMIT, TABLE_LIMIT};

/// Calls at once, of all connections together; more wait. Each takes as many memories as
/// it may have, and a memory reserves some 4 GiB of addresses (not of memory), so this is
/// what leaves room for several hosts in the 128 TiB of one process.
pub const CALLS_AT_ONCE: u32 = 256;
/// Bytes of a memory that stay with its place for the next call: what most calls use, so
/// that they cause no page faults. Only those that are used are kept and cleaned.
const KEPT_MEMORY: usize = 1024 * 1024;
/// The same of a table.
const KEPT_TABLE: usize = 64 * 1024;

/// The rights to a place, one for each call.
pub(super) fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(CALLS_AT_ONCE as usize))
}

/// Puts places for all calls aside.
pub(super) fn set_aside(config: &mut Config) {
    let most = |each: usize| CALLS_AT_ONCE * u32::try_from(each).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(CALLS_AT_ONCE)
        .total_core_instances(most(INSTANCE_LIMIT))
        .total_memories(most(MEMORIES_LIMIT))
        .total_tables(most(INSTANCE_LIMIT))
        .total_stacks(CALLS_AT_ONCE)
        // What does not fit is refused while it is compiled, without a word of a limit.
        .table_elements(4 * TABLE_LIMIT)
        .linear_memory_keep_resident(KEPT_MEMORY)
        .table_keep_resident(KEPT_TABLE)
        .pagemap_scan(Enabled::Auto);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
}
