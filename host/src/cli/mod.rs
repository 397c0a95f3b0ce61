//! The program `halo-host`: arguments are parsed here, each command is one file,
//! and every way to end has one exit code.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser, Subcommand};

use crate::brake;
use crate::capability::Stop;
use crate::config::{Config, LogForm};
use crate::connection::{Connection, ConnectionError};
use crate::host::{Host, OpenError};
use crate::runs::NOT_SET_UP;
use crate::store::{Store, StoreError};

mod action;
mod administrator;
mod backup;
mod build;
mod check;
mod choices;
mod connect;
mod describe;
mod doctor;
mod document;
mod edit;
mod fields;
mod forget;
mod import;
mod inbox;
mod init;
mod journal;
mod messages;
mod outbox;
mod output;
mod prune;
mod push;
mod records;
mod report;
mod rows;
mod run_due;
mod serve;
mod settings;
mod status;
mod why;

use output::Out;

const EXIT_CODES: &str = "Exit codes:
  0  done
  1  failed; the message says why
  2  wrong usage
  3  a person must act first: configuration, settings, sign-in
  4  stopped as asked; the same command goes on
  5  the remote asks to wait; the same command goes on later";

/// Runs connectors for Halo: connects, previews and imports.
#[derive(Debug, Parser)]
#[command(name = "halo-host", version, after_help = EXIT_CODES)]
struct Arguments {
    /// The configuration file.
    #[arg(long, global = true, default_value = "halo.toml", value_name = "FILE")]
    config: PathBuf,
    /// Print results as JSON, one document a line.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a commented starting configuration.
    Init(init::Init),
    /// Build a component from the crate in a folder.
    Build(build::Build),
    /// Check configuration, components and settings; every problem in one answer.
    Check(check::Check),
    /// What a connector says about itself.
    Describe(describe::Describe),
    /// Sign in at the remote.
    Connect(connect::Connect),
    /// Forget the sign-in; settings and links stay.
    Disconnect(connect::Disconnect),
    /// How the connections stand.
    Status(status::Status),
    /// Show, change and take back a connector's settings.
    Settings(settings::Settings),
    /// The fields of both sides of an entity.
    Fields(fields::Fields),
    /// What a setting may be at the remote: by label, with what to write.
    Choices(choices::Choices),
    /// What a connector can do besides: list it, or do it.
    Action(action::Action),
    /// Add, list or remove fields of Halo's records.
    #[command(subcommand)]
    CustomField(fields::CustomField),
    /// Show what an import would do; writes nothing.
    Preview(import::Preview),
    /// Import an entity, or all.
    Import(import::Import),
    /// Send what has changed in Halo to the remote.
    Push(push::Push),
    /// What has changed in Halo and was not sent yet, and why.
    Outbox(outbox::Outbox),
    /// Do once all that is due: events, tasks, scheduled imports and changes; for a
    /// scheduler that is not this host's.
    RunDue(run_due::RunDue),
    /// The remote's events: which wait, and why.
    Inbox(inbox::Inbox),
    /// What was sent, where settings ask for it, and what could not be sent.
    Messages(messages::Messages),
    /// Show what became of each row in a run, with the reasons.
    Report(report::Report),
    /// Tell all that is known of one row at the remote.
    Why(why::Why),
    /// Show Halo's records.
    Records(records::Records),
    /// Make a record in Halo, as a person there would.
    Create(edit::Create),
    /// Change fields of a record in Halo, as a person there would.
    Edit(edit::Edit),
    /// Take a record in Halo out of use.
    Deactivate(edit::Switch),
    /// Take a record in Halo into use again.
    Activate(edit::Switch),
    /// Show what was written, when and why.
    Journal(journal::Journal),
    /// Answer sign-ins and the records API, run and send what is due, until stopped.
    Serve(serve::Serve),
    /// Who may sign in to the admin page.
    #[command(subcommand)]
    Administrator(administrator::Administrator),
    /// Forget what is older than the configuration keeps.
    Prune(prune::Prune),
    /// Forget the values that are known of one object at the remote.
    Forget(forget::Forget),
    /// Copy the store into a file, also while `serve` runs.
    Backup(backup::Backup),
    /// Put a backup in the place of the store.
    Restore(backup::Restore),
    /// What is there, what is missing, and how to get it.
    Doctor,
    /// Completions for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// How a command ends, other than well.
#[derive(Debug)]
pub(crate) enum Ended {
    /// 1.
    Failed(String),
    /// 3.
    Act(String),
    /// 4.
    Stopped(String),
    /// 5.
    Wait(String),
}

type Done = Result<(), Ended>;

impl Ended {
    fn code(&self) -> u8 {
        match self {
            Ended::Failed(_) => 1,
            Ended::Act(_) => 3,
            Ended::Stopped(_) => 4,
            Ended::Wait(_) => 5,
        }
    }

    fn message(&self) -> &str {
        match self {
            Ended::Failed(message)
            | Ended::Act(message)
            | Ended::Stopped(message)
            | Ended::Wait(message) => message,
        }
    }
}

impl From<OpenError> for Ended {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Config(_) | OpenError::Load(_) | OpenError::Grant { .. } => {
                Ended::Act(error.to_string())
            }
            _ => Ended::Failed(error.to_string()),
        }
    }
}

impl From<ConnectionError> for Ended {
    fn from(error: ConnectionError) -> Self {
        match &error {
            ConnectionError::Failed(failure) if needs_a_person(&failure.code) => {
                Ended::Act(error.to_string())
            }
            _ => Ended::Failed(error.to_string()),
        }
    }
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Ended::Failed(error.to_string())
    }
}

/// Whether a failure of this code waits for a person.
fn needs_a_person(code: &str) -> bool {
    matches!(
        code,
        "not-connected"
            | "sign-in-again"
            | "settings"
            | NOT_SET_UP
            | "denied"
            | "other-account"
            | brake::BRAKE
    )
}

/// What every command gets.
pub(crate) struct Context {
    config: PathBuf,
    out: Out,
    around: Around,
}

/// Puts a store around the one that the configuration names.
type Around = Box<dyn Fn(Arc<dyn Store>) -> Arc<dyn Store> + Send + Sync>;

impl Context {
    async fn host(&self) -> Result<Host, Ended> {
        let config = Config::load(&self.config).map_err(OpenError::Config)?;
        Ok(Host::open_over(config, &self.around).await?)
    }

    async fn connection(&self, name: &str) -> Result<(Host, Connection), Ended> {
        let host = self.host().await?;
        let connection = host.connection(name).await?;
        Ok((host, connection))
    }
}

/// The whole program.
pub fn main() -> ExitCode {
    main_over(|store| store)
}

/// The whole program over a store of the caller, who gets the one that the
/// configuration names. So the author of a connector can run it over a store that
/// answers late, in part or not at all, or watch what it writes.
pub fn main_over(
    around: impl Fn(Arc<dyn Store>) -> Arc<dyn Store> + Send + Sync + 'static,
) -> ExitCode {
    let arguments = Arguments::parse();
    output::start_log(log_form(&arguments));
    let context = Context {
        config: arguments.config,
        out: Out::new(arguments.json),
        around: Box::new(around),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the program cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(dispatch(&context, arguments.command));
    // Background tasks (a dropped request) need not be waited for.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(ended) => {
            context.out.ended(&ended);
            ExitCode::from(ended.code())
        }
    }
}

/// How the log is written: that of `serve` as its configuration says. One that cannot be
/// read is told by the command.
fn log_form(arguments: &Arguments) -> LogForm {
    match (&arguments.command, Config::load(&arguments.config)) {
        (Command::Serve(_), Ok(config)) => config.server.log,
        _ => LogForm::default(),
    }
}

async fn dispatch(context: &Context, command: Command) -> Done {
    match command {
        Command::Init(command) => command.run(context).await,
        Command::Build(command) => command.run(context),
        Command::Check(command) => command.run(context).await,
        Command::Describe(command) => command.run(context).await,
        Command::Connect(command) => command.run(context).await,
        Command::Disconnect(command) => command.run(context).await,
        Command::Status(command) => command.run(context).await,
        Command::Settings(command) => command.run(context).await,
        Command::Fields(command) => command.run(context).await,
        Command::Choices(command) => command.run(context).await,
        Command::Action(command) => command.run(context).await,
        Command::CustomField(command) => command.run(context).await,
        Command::Preview(command) => command.run(context).await,
        Command::Import(command) => command.run(context).await,
        Command::Push(command) => command.run(context).await,
        Command::Outbox(command) => command.run(context).await,
        Command::RunDue(command) => command.run(context).await,
        Command::Inbox(command) => command.run(context).await,
        Command::Messages(command) => command.run(context).await,
        Command::Report(command) => command.run(context).await,
        Command::Why(command) => command.run(context).await,
        Command::Records(command) => command.run(context).await,
        Command::Create(command) => command.run(context).await,
        Command::Edit(command) => command.run(context).await,
        Command::Deactivate(command) => command.run(context, true).await,
        Command::Activate(command) => command.run(context, false).await,
        Command::Journal(command) => command.run(context).await,
        Command::Serve(command) => command.run(context).await,
        Command::Administrator(command) => command.run(context).await,
        Command::Prune(command) => command.run(context).await,
        Command::Forget(command) => command.run(context).await,
        Command::Backup(command) => command.run(context).await,
        Command::Restore(command) => command.run(context).await,
        Command::Doctor => doctor::run(context),
        Command::Completions { shell } => {
            // Into memory first: clap's writer panics on a closed pipe.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "halo-host", &mut script);
            output::print_line(&String::from_utf8_lossy(&script));
            Ok(())
        }
    }
}

/// Asks `stop` at the first Ctrl-C (or termination), ends at once at the second.
pub(crate) fn stop_on_signal(stop: &Stop, line: &'static str) {
    let stop = stop.clone();
    tokio::spawn(async move {
        signal().await;
        eprintln!("\n{line}");
        stop.ask();
        signal().await;
        std::process::exit(130);
    });
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn signal() {
    drop(tokio::signal::ctrl_c().await);
}

/// Who changes something from the command line, for histories.
pub(crate) fn author() -> String {
    ["USER", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .unwrap_or_else(|| "command line".to_owned())
}
