//! What a front is told when something fails: the one place where this crate's errors become words, each with advice.

use std::io;

use airhatch_wire::{Code, Failure};

use crate::accounts::AccountError;
use crate::demo::DemoError;
use crate::engine;
use crate::lock::LockError;
use crate::runtime::RuntimeError;
use crate::stage::StageError;

pub(crate) fn from_account(error: AccountError) -> Failure {
    let failure = Failure::new(account_code(&error), error.to_string());
    match error {
        AccountError::Missing(_) => failure.hint("list the accounts of this home, or create this one"),
        AccountError::Exists(_) => failure.hint("log in to it, or remove it first"),
        AccountError::Unreadable { .. } => {
            failure.hint("restore the record from a backup, or remove the account here and create it again")
        }
        AccountError::Io { source, .. } => failure.hint(advice(&source)),
    }
}

fn account_code(error: &AccountError) -> Code {
    match error {
        AccountError::Missing(_) => Code::NotFound,
        AccountError::Exists(_) => Code::Conflict,
        AccountError::Unreadable { .. } => Code::Internal,
        AccountError::Io { source, .. } => io_code(source),
    }
}

pub(crate) fn from_runtime(error: RuntimeError) -> Failure {
    let code = match &error {
        RuntimeError::Engine(_) => Code::EngineUnavailable,
        RuntimeError::Program { .. }
        | RuntimeError::EndedEarly { .. }
        | RuntimeError::Unresponsive
        | RuntimeError::Unstoppable => Code::AgentDown,
        RuntimeError::Foreign { .. } | RuntimeError::Hidden => Code::NotPermitted,
        RuntimeError::NotCarried { .. } | RuntimeError::Differs => Code::Internal,
        RuntimeError::NoSpace => Code::DiskFull,
        RuntimeError::Stuck => Code::TimedOut,
        RuntimeError::Io(source) => io_code(source),
    };
    let failure = Failure::new(code, error.to_string());
    match error {
        RuntimeError::Engine(error) => engine::from_engine(error),
        RuntimeError::Program { .. } => failure
            .hint("install all Airhatch programs into one folder: airhatch-agent belongs beside airhatch"),
        RuntimeError::EndedEarly { .. } => failure.hint("the account's agent.log says more"),
        RuntimeError::Unresponsive => failure.hint("stop the agent (log out) and start it again"),
        RuntimeError::Unstoppable => failure.hint("its disk or network folder may hang; try again later"),
        RuntimeError::Foreign { .. } => {
            failure.hint("make sure that nobody else can write to this account's folder")
        }
        RuntimeError::Hidden => {
            failure.hint("run airhatch beside the container engine, not in a container of its own")
        }
        RuntimeError::NotCarried { .. } => {
            failure.hint("renew the image (make images) if it is older than this program, then try again")
        }
        RuntimeError::NoSpace => failure.hint("free some space where the account is to go, then try again"),
        RuntimeError::Differs | RuntimeError::Stuck => {
            failure.hint("check the disks and the container engine, then try again")
        }
        RuntimeError::Io(source) => failure.hint(advice(&source)),
    }
}

pub(crate) fn from_stage(error: StageError) -> Failure {
    let code = match &error {
        StageError::Request(_) | StageError::Pattern(_) => Code::Invalid,
        StageError::Missing(_) | StageError::NoStream => Code::NotFound,
        StageError::TooMany => Code::TooLarge,
        StageError::NotPlain { .. } | StageError::Unreadable { .. } | StageError::Changed(_) => {
            Code::BadSource
        }
        StageError::Protected(_) => Code::NotPermitted,
        StageError::Name { .. } | StageError::Refused { .. } | StageError::Twins { .. } => Code::BadName,
        StageError::DiskFull(_) => Code::DiskFull,
        StageError::Cancelled => Code::Cancelled,
        StageError::Io { source, .. } => io_code(source),
    };
    let failure = Failure::new(code, error.to_string());
    match error {
        StageError::Request(_) => failure.hint("name the files to send by their whole paths"),
        StageError::Missing(_) => failure.hint("check the spelling; it may have been moved or deleted"),
        StageError::Pattern(_) => {
            failure.hint("write it as in a .gitignore file, for example *.tmp or /target")
        }
        StageError::NoStream => failure.hint("begin it again"),
        StageError::TooMany => failure.hint("send them in several offers, or pack them into one file first"),
        StageError::Twins { .. } => failure.hint("rename one of them, or exclude it"),
        StageError::NotPlain { .. } => failure.hint("copy what it gives into a plain file and send that"),
        StageError::Unreadable { .. } => failure.hint("give yourself permission to read it, then try again"),
        StageError::Protected(_) => {
            failure.hint("choose files outside of Airhatch's own folders, or exclude this one")
        }
        StageError::Changed(_) => {
            failure.hint("wait until it is no longer written to, then try again; or exclude it")
        }
        StageError::Name { .. } | StageError::Refused { .. } => {
            failure.hint("rename it or exclude it, then try again")
        }
        StageError::DiskFull(_) => failure.hint("free some space in the file system of Airhatch's home"),
        StageError::Cancelled => failure,
        StageError::Io { source, .. } => failure.hint(advice(&source)),
    }
}

pub(crate) fn from_lock(error: LockError) -> Failure {
    match error {
        LockError::Busy => Failure::new(Code::TryAgain, error.to_string()).hint("try again in a moment"),
        LockError::Io(source) if source.kind() == io::ErrorKind::NotFound => {
            Failure::new(Code::NotFound, "the account has been removed")
                .hint("list the accounts of this home")
        }
        LockError::Io(source) => from_io(&source),
    }
}

pub(crate) fn from_demo(error: DemoError) -> Failure {
    let code = match &error {
        DemoError::NotDemo => Code::NotPermitted,
        DemoError::Silent => Code::TimedOut,
        DemoError::Program { .. } | DemoError::Ended { .. } | DemoError::Words(_) => {
            Code::AuthorityUnreachable
        }
        DemoError::Io(source) => io_code(source),
    };
    let failure = Failure::new(code, error.to_string());
    match error {
        DemoError::NotDemo => failure.hint("run `airhatch demo`"),
        DemoError::Program { .. } => {
            failure.hint("install all Airhatch programs into one folder: airhatch-ca belongs beside airhatch")
        }
        DemoError::Io(source) => failure.hint(advice(&source)),
        _ => failure.hint("keep the demonstration's folder with --keep and look into its ca.log"),
    }
}

pub(crate) fn from_io(error: &io::Error) -> Failure {
    Failure::new(io_code(error), format!("Airhatch's home cannot be used: {error}")).hint(advice(error))
}

fn io_code(error: &io::Error) -> Code {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::DiskFull,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Code::NotPermitted,
        _ => Code::Internal,
    }
}

fn advice(error: &io::Error) -> &'static str {
    match io_code(error) {
        Code::DiskFull => "Free some space in the file system of Airhatch's home.",
        Code::NotPermitted => "Check who owns Airhatch's home and that it may be written to.",
        _ => "warden.log in Airhatch's home may say more.",
    }
}
