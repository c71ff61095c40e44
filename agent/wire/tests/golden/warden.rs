//! Front and warden.

use airhatch_wire::warden::{
    AccountRecord, Choice, Command, Engine, FromWarden, ImageSource, Isolation, Reply, Request, RuntimeKind,
    Skipped, SkippedThing, Staged, Why,
};

use crate::Golden;
use crate::values::{FINGERPRINT, STAGE, address, ann, blob, failure};

every!(Command {
    Accounts,
    CreateAccount,
    OpenControl,
    FindControl,
    StopAgent,
    RemoveAccount,
    MoveAccount,
    Stage,
    BeginStream,
    Chunk,
    CancelStage,
    Stages,
    Release,
    StartDemoAuthority,
    Engine,
    Isolation,
    PrepareImage,
    CancelPrepare,
});
every!(Reply { Done, Accounts, Account, Control, Staged, Stages, Authority, Engine, Isolation });
every!(FromWarden { Answer, Staging, AgentEnded, Preparing });
every!(Why { Link, Device, Socket, Pipe, MadeUp, Unreadable, Vanished });
every!(ImageSource { Archive, Sources });
every!(RuntimeKind { Process, Container });

fn commands() -> Vec<Command> {
    let account = ann();
    vec![
        Command::Accounts,
        Command::CreateAccount { account: ann(), runtime: RuntimeKind::Process },
        Command::OpenControl { account: ann() },
        Command::FindControl { account: ann() },
        Command::StopAgent { account: ann() },
        Command::RemoveAccount { account: ann() },
        Command::MoveAccount { account: ann(), runtime: RuntimeKind::Container },
        Command::Stage { account: ann(), paths: vec![blob()], choice: choice(), stream: Some(300) },
        Command::BeginStream { account: ann(), name: "stdin".to_owned() },
        Command::Chunk { stream: 300, bytes: blob() },
        Command::CancelStage { id: 9 },
        Command::Stages { account: ann() },
        Command::Release { account, stage: STAGE },
        Command::StartDemoAuthority,
        Command::Engine,
        Command::Isolation { account: ann() },
        Command::PrepareImage { source: ImageSource::Archive(blob()) },
        Command::CancelPrepare { id: 9 },
    ]
}

fn choice() -> Choice {
    Choice { excludes: vec!["*.tmp".to_owned()], gitignore: true }
}

fn staged() -> Staged {
    let first = vec![SkippedThing { path: blob(), why: Why::Socket }];
    Staged { stage: STAGE, files: 2, folders: 3, bytes: 1 << 33, skipped: Skipped { count: 300, first } }
}

fn record() -> AccountRecord {
    AccountRecord {
        account: ann(),
        runtime: RuntimeKind::Container,
        running: true,
        inbox: blob(),
        drop: blob(),
    }
}

fn engine() -> Engine {
    Engine {
        product: "Docker 28.2.2".into(),
        socket: "/run/docker.sock".into(),
        rootless: true,
        image: Ok("airhatch/agent:0.1.0".into()),
    }
}

fn isolation() -> Isolation {
    Isolation {
        runtime: RuntimeKind::Container,
        place: "airhatch-agent-ann".into(),
        missing: vec!["a limit".into()],
    }
}

fn replies() -> Vec<Reply> {
    vec![
        Reply::Done,
        Reply::Accounts(vec![record()]),
        Reply::Account(record()),
        Reply::Control,
        Reply::Staged(staged()),
        Reply::Stages(vec![STAGE]),
        Reply::Authority { address: address(), fingerprint: FINGERPRINT },
        Reply::Engine(engine()),
        Reply::Isolation(isolation()),
    ]
}

pub(crate) fn lines(golden: &mut Golden) {
    golden.one("warden::Request", &Request { id: 300, command: Command::Accounts });
    golden.every("warden::Command", &commands());
    let answers = [
        FromWarden::Answer { id: 1, outcome: Ok(Reply::Done) },
        FromWarden::Answer { id: 1, outcome: Err(failure()) },
        FromWarden::Staging { id: 1, copied: 5, total: 7 },
        FromWarden::AgentEnded { account: ann() },
        FromWarden::Preparing { id: 1, line: "Step 1/27".into() },
    ];
    golden.every("warden::FromWarden", &answers);
    golden.every("warden::Reply", &replies());
    let reasons =
        [Why::Link, Why::Device, Why::Socket, Why::Pipe, Why::MadeUp, Why::Unreadable, Why::Vanished];
    golden.every("warden::Why", &reasons);
    golden.every("warden::ImageSource", &[ImageSource::Archive(blob()), ImageSource::Sources(blob())]);
    golden.every("warden::RuntimeKind", &[RuntimeKind::Process, RuntimeKind::Container]);
}
