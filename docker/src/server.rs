//! One front's requests: read, answered in any order, several at once. Ends with the link, or when told to; what is
//! under way is finished or undone before that.

use std::sync::Arc;

use airhatch_wire::frame::FrameError;
use airhatch_wire::warden::{Command, FromWarden, Request};
use airhatch_wire::{Code, Email, Failure};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::commands::{Outcome, StageOrder, Warden};
use crate::link::{Outgoing, Reader, Writer};

mod lines;
mod pace;
use pace::Pace;

/// The most requests under way at once. A front needs a handful.
const REQUESTS: usize = 64;

/// The most words waiting for a front that does not read.
const WAITING: usize = 64;

type Outbound = mpsc::Sender<Outgoing>;

/// Serves until the front closes the link, breaks it, or `shutdown` completes.
pub(crate) async fn serve(
    mut reader: Reader,
    writer: Writer,
    warden: Arc<Warden>,
    mut ended: UnboundedReceiver<Email>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), FrameError> {
    let writer = Arc::new(writer);
    let (outbound, waiting) = mpsc::channel(WAITING);
    let writing = tokio::spawn(write(Arc::clone(&writer), waiting));
    let mut tasks = JoinSet::new();
    tokio::pin!(shutdown);
    let outcome = loop {
        tokio::select! {
            request = reader.receive() => match request {
                Ok(Some(request)) => dispatch(request, &warden, &outbound, &mut tasks).await,
                Ok(None) => break Ok(()),
                Err(e) => break Err(e),
            },
            Some(account) = ended.recv() => tell(&outbound, FromWarden::AgentEnded { account }).await,
            Some(_) = tasks.join_next() => {}
            () = &mut shutdown => break Ok(()),
        }
    };
    // Nobody can be answered any more: a writer that waits for the front is freed, and what it keeps waiting.
    writer.close();
    warden.stagings().cancel_all();
    warden.streams().end_all();
    warden.preparation().cancel_all();
    drop(outbound);
    while tasks.join_next().await.is_some() {}
    // One that a task had in its hands before.
    warden.streams().end_all();
    if let Err(e) = writing.await {
        tracing::error!("the writing task failed: {e}");
    }
    outcome
}

async fn write(writer: Arc<Writer>, mut waiting: mpsc::Receiver<Outgoing>) {
    while let Some(outgoing) = waiting.recv().await {
        if let Err(e) = writer.send(outgoing).await {
            tracing::debug!("the front cannot be told: {e}");
            writer.close();
            return;
        }
    }
}

/// Gives a request to a task of its own. What can be cancelled enters its list before the next request is read, so that
/// a cancel finds it.
async fn dispatch(request: Request, warden: &Arc<Warden>, outbound: &Outbound, tasks: &mut JoinSet<()>) {
    let Request { id, command } = request;
    match command {
        Command::CancelStage { id: staging } => {
            warden.stagings().cancel(staging);
            warden.streams().end(staging);
        }
        Command::CancelPrepare { id: preparing } => warden.preparation().cancel(preparing),
        command => return begin(Request { id, command }, warden, outbound, tasks).await,
    }
    answer(outbound, id, Ok((airhatch_wire::warden::Reply::Done, None))).await;
}

/// The same, for everything that is not done at once.
async fn begin(request: Request, warden: &Arc<Warden>, outbound: &Outbound, tasks: &mut JoinSet<()>) {
    let Request { id, command } = request;
    if tasks.len() >= REQUESTS {
        let failure = Failure::new(Code::TryAgain, format!("{REQUESTS} requests are under way already"));
        return answer(outbound, id, Err(failure.hint("wait for some of them"))).await;
    }
    let (warden, outbound) = (Arc::clone(warden), outbound.clone());
    match command {
        Command::Stage { account, paths, choice, stream } => match warden.stagings().begin(id, &account) {
            Some(ticket) => {
                let told = progress(id, outbound.clone());
                let order = StageOrder { account, paths, choice, stream };
                tasks.spawn(async move {
                    let outcome = warden.stage(ticket, order, told).await;
                    answer(&outbound, id, outcome).await;
                });
            }
            None => {
                let failure = Failure::new(Code::Invalid, format!("a staging with the id {id} is under way"));
                answer(&outbound, id, Err(failure.hint("choose another id"))).await;
            }
        },
        Command::BeginStream { account, name } => match warden.streams().enter(id, &account) {
            Ok(()) => {
                tasks.spawn(async move {
                    let outcome = warden.begin_stream(id, account, name).await;
                    answer(&outbound, id, outcome).await;
                });
            }
            Err(failure) => answer(&outbound, id, Err(failure)).await,
        },
        Command::PrepareImage { source } => match warden.preparation().begin(id) {
            Ok(order) => {
                let (speaker, lines) = watch::channel(String::new());
                tasks.spawn(async move {
                    let work = warden.prepare_image(order, source, move |line| {
                        speaker.send_replace(line.to_owned());
                    });
                    let outcome = tokio::select! {
                        outcome = work => outcome,
                        () = lines::tell(id, lines, outbound.clone()) => return,
                    };
                    answer(&outbound, id, outcome).await;
                });
            }
            Err(failure) => answer(&outbound, id, Err(failure)).await,
        },
        command => {
            tasks.spawn(async move {
                let outcome = warden.handle(command).await;
                answer(&outbound, id, outcome).await;
            });
        }
    }
}

/// Tells of a staging's progress a few times a second; a front that does not keep up misses some.
fn progress(id: u32, outbound: Outbound) -> impl FnMut(u64, u64) + Send {
    let mut pace = Pace::beginning(Instant::now());
    move |copied, total| {
        if pace.is_due(Instant::now()) {
            let word = FromWarden::Staging { id, copied, total };
            let _behind_or_gone = outbound.try_send(Outgoing { word, descriptor: None });
        }
    }
}

async fn answer(outbound: &Outbound, id: u32, outcome: Outcome) {
    let (outcome, descriptor) = match outcome {
        Ok((reply, descriptor)) => (Ok(reply), descriptor),
        Err(failure) => {
            tracing::info!(code = ?failure.code, "a request failed");
            (Err(failure), None)
        }
    };
    let outgoing = Outgoing { word: FromWarden::Answer { id, outcome }, descriptor };
    // Fails only when the link is gone, which ends the server anyway.
    let _gone = outbound.send(outgoing).await;
}

async fn tell(outbound: &Outbound, word: FromWarden) {
    let _gone = outbound.send(Outgoing { word, descriptor: None }).await;
}
