//! The run that a call is part of: progress, what is left of the budget, whether
//! to stop, and the report of what became of each remote row.

use super::{Guest, Progress, convert, within_batch};
use crate::contract::halo::integration::run::{Budget, Host, Progress as Position, ReportRow};
use crate::contract::halo::integration::types::Failure;

impl Host for Guest {
    async fn show_progress(&mut self, position: Position) -> wasmtime::Result<()> {
        self.observer.progress(Progress {
            done: position.done,
            total: position.total,
            label: position.label,
        });
        Ok(())
    }

    async fn remaining(&mut self) -> wasmtime::Result<Budget> {
        let (wall, cpu) = self.budget.remaining();
        let milliseconds =
            |left: std::time::Duration| u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        Ok(Budget {
            wall_ms: milliseconds(wall),
            cpu_ms: milliseconds(cpu),
        })
    }

    async fn should_stop(&mut self) -> wasmtime::Result<bool> {
        Ok(self.stop.is_asked())
    }

    async fn report(&mut self, rows: Vec<ReportRow>) -> wasmtime::Result<Result<(), Failure>> {
        if let Err(failure) = within_batch(rows.len()) {
            return Ok(Err(failure.into()));
        }
        // A call outside a run (a status, a look-up) has nothing to report to.
        let Some(run) = self.scope.run else {
            return Ok(Ok(()));
        };
        let rows: Vec<_> = rows.into_iter().map(convert::report_in).collect();
        convert::store_answer(self.store().report(run, &rows).await)
    }
}
