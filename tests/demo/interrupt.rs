//! Ctrl-C. A terminal sends it to the command under way too, which finishes its
//! page and says how to go on; the demo waits for that and then ends itself.

use std::time::Duration;

use anyhow::{bail, ensure};
use tokio::process::Child;
use tokio::sync::watch;

/// A command finishes its page in a second or two; one that the signal did not reach
/// is killed after this.
const PATIENCE: Duration = Duration::from_secs(5);
/// Never read by a person: `main` says it with the folder.
const STOPPED: &str = "Stopped";
/// A signal reaches two processes at nearly the same time.
const NEARLY: Duration = Duration::from_millis(200);

/// Whether the demo was asked to stop.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Listens from now on.
    pub(crate) fn listen() -> std::io::Result<Interrupt> {
        let (asked, receiver) = watch::channel(false);
        let signal = signal()?;
        tokio::spawn(async move {
            signal.await;
            let _ = asked.send(true);
            // Kept, so that waiting for it never ends in an error.
            asked.closed().await;
        });
        Ok(Interrupt(receiver))
    }

    /// Waits for it, where it is the way on and no disturbance.
    pub(crate) async fn wait(&self) {
        self.asked().await;
    }

    async fn asked(&self) {
        let _ = self.0.clone().wait_for(|asked| *asked).await;
    }

    /// Whether it has come, or comes in a moment.
    pub(crate) async fn came(&self) -> bool {
        tokio::time::timeout(NEARLY, self.asked()).await.is_ok()
    }

    /// To be called before a new command: the signal does not reach one that starts
    /// after it.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        ensure!(!*self.0.borrow(), STOPPED);
        Ok(())
    }

    /// Work that can be left at any moment.
    pub(crate) async fn or<T>(
        &self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        tokio::select! {
            biased;
            () = self.asked() => bail!(STOPPED),
            done = work => done,
        }
    }

    /// A command, which gets the time to end well.
    pub(crate) async fn or_end_of(
        &self,
        child: &mut Child,
    ) -> anyhow::Result<std::process::ExitStatus> {
        tokio::select! {
            status = child.wait() => Ok(status?),
            () = self.asked() => {
                if tokio::time::timeout(PATIENCE, child.wait()).await.is_err() {
                    child.kill().await?;
                }
                bail!(STOPPED)
            }
        }
    }
}

/// Ends with Ctrl-C, and on Unix with SIGTERM.
fn signal() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    #[cfg(unix)]
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}
