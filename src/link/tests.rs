//! Links against a warden and agents played by the test, over real socket pairs.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::path::PathBuf;
use std::time::Duration;

use airhatch_wire::control::{self, Event, FromAgent};
use airhatch_wire::frame::{Opening, WordCodec};
use airhatch_wire::link::Link;
use airhatch_wire::warden::{self, FromWarden};
use airhatch_wire::{Code, Email, Failure, StageId, TransferId};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio_util::codec::Encoder;

use super::{AgentEvent, AgentLink, WardenEvent, WardenLink};

pub(crate) type WardenSide = Link<UnixStream, FromWarden, warden::Request>;
pub(crate) type AgentSide = Link<UnixStream, FromAgent, control::Request>;

pub(crate) fn pair() -> (StdStream, UnixStream) {
    let (ours, theirs) = StdStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    (ours, UnixStream::from_std(theirs).unwrap())
}

pub(crate) async fn warden() -> (WardenLink, WardenSide) {
    let (ours, theirs) = pair();
    let (link, side) = tokio::join!(WardenLink::attach(ours), Link::answer(theirs));
    (link.unwrap(), side.unwrap())
}

async fn agent() -> (AgentLink, AgentSide) {
    let (ours, theirs) = pair();
    let (link, side) = tokio::join!(AgentLink::attach(ours.into()), Link::answer(theirs));
    (link.unwrap(), side.unwrap())
}

fn ann() -> Email {
    "ann@example.org".parse().unwrap()
}

pub(crate) async fn next_request(side: &mut WardenSide) -> warden::Request {
    side.receive().await.unwrap().unwrap()
}

/// What the real warden does: the whole frame and the descriptors in one `sendmsg`.
pub(crate) async fn hand_over(side: &WardenSide, id: u32, descriptors: &[OwnedFd]) {
    let word = FromWarden::Answer { id, outcome: Ok(warden::Reply::Control) };
    let mut frame = bytes::BytesMut::new();
    WordCodec::<FromWarden, warden::Request>::default().encode(&word, &mut frame).unwrap();
    let borrowed: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
    let socket = side.stream();
    let sent = socket.async_io(Interest::WRITABLE, || {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        assert!(beside.push(SendAncillaryMessage::ScmRights(&borrowed)));
        Ok(sendmsg(socket, &[IoSlice::new(&frame)], &mut beside, SendFlags::NOSIGNAL)?)
    });
    assert_eq!(sent.await.unwrap(), frame.len());
}

#[tokio::test]
async fn answers_find_their_requests_in_any_order() {
    let (link, mut side) = agent().await;
    let cancel = |n| control::Command::Forget { transfer: TransferId([n; 16]) };
    let asked = tokio::spawn({
        let link = link.clone();
        async move { tokio::join!(link.request(cancel(1)), link.request(cancel(2))) }
    });
    let first = side.receive().await.unwrap().unwrap();
    let second = side.receive().await.unwrap().unwrap();
    assert_ne!(first.id, second.id);
    let answer = |request: control::Request| FromAgent::Answer {
        id: request.id,
        outcome: match request.command == cancel(1) {
            true => Ok(control::Reply::Done),
            false => Err(Failure::new(Code::NotFound, "no such transfer")),
        },
    };
    side.send(&answer(second)).await.unwrap();
    side.send(&answer(first)).await.unwrap();
    let (one, two) = asked.await.unwrap();
    assert_eq!(one, Ok(control::Reply::Done));
    assert_eq!(two.unwrap_err().code, Code::NotFound);
}

#[tokio::test]
async fn watching_gives_the_state_first_then_changes_then_the_end() {
    let (link, mut side) = agent().await;
    let watching = tokio::spawn({
        let link = link.clone();
        async move { link.watch(true).await }
    });
    let request = side.receive().await.unwrap().unwrap();
    assert_eq!(request.command, control::Command::Watch { attending: true });
    side.send(&FromAgent::Event(Event::ContactRemoved(ann()))).await.unwrap();
    side.send(&FromAgent::Answer { id: request.id, outcome: Ok(control::Reply::Done) }).await.unwrap();
    let mut events = watching.await.unwrap().unwrap();
    assert_eq!(events.try_recv().unwrap(), AgentEvent::Event(Event::ContactRemoved(ann())));
    side.send(&FromAgent::Event(Event::TransferForgotten(TransferId([9; 16])))).await.unwrap();
    assert!(matches!(events.recv().await, Some(AgentEvent::Event(Event::TransferForgotten(_)))));
    drop(side);
    assert!(matches!(events.recv().await, Some(AgentEvent::Closed(_))));
    assert!(events.recv().await.is_none());
}

#[tokio::test]
async fn an_agent_that_goes_away_fails_every_request_under_way_and_later_ones() {
    let (link, mut side) = agent().await;
    let asked = tokio::spawn({
        let link = link.clone();
        async move {
            tokio::join!(
                link.request(control::Command::Status),
                link.request(control::Command::Contacts { after: None })
            )
        }
    });
    side.receive().await.unwrap().unwrap();
    side.receive().await.unwrap().unwrap();
    drop(side);
    let (one, two) = asked.await.unwrap();
    assert_eq!(one.unwrap_err().code, Code::AgentDown);
    assert_eq!(two.unwrap_err().code, Code::AgentDown);
    assert_eq!(link.request(control::Command::Status).await.unwrap_err().code, Code::AgentDown);
}

#[tokio::test]
async fn garbage_from_an_agent_ends_the_link_with_a_reason() {
    for garbage in [&[0xff; 64][..], &[0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff][..], &[0, 0, 0, 200, 1, 2][..]] {
        let (ours, theirs) = pair();
        let (link, side) = tokio::join!(AgentLink::attach(ours.into()), AgentSide::answer(theirs));
        let (link, mut side) = (link.unwrap(), side.unwrap());
        let asked = tokio::spawn({
            let link = link.clone();
            async move { link.request(control::Command::Status).await }
        });
        side.receive().await.unwrap().unwrap();
        let mut socket = side.into_inner();
        socket.write_all(garbage).await.unwrap();
        drop(socket);
        assert_eq!(asked.await.unwrap().unwrap_err().code, Code::AgentDown, "{garbage:?}");
    }
}

#[tokio::test]
async fn an_agent_of_another_version_is_named_as_such() {
    let (ours, mut theirs) = pair();
    let mut frame = vec![0, 0, 0, 12];
    frame.extend(Opening { version: 999, ..Opening::of::<FromAgent>() }.to_bytes());
    theirs.write_all(&frame).await.unwrap();
    let failure = AgentLink::attach(ours.into()).await.err().unwrap();
    assert_eq!(failure.code, Code::UnknownVersion);
    assert!(failure.message.shown().contains("999"));
}

#[tokio::test]
async fn dropping_the_last_handle_closes_the_socket() {
    let (link, mut side) = agent().await;
    let other = link.clone();
    drop(link);
    let asked = tokio::spawn(async move { other.request(control::Command::Status).await });
    let request = side.receive().await.unwrap().unwrap();
    side.send(&FromAgent::Answer { id: request.id, outcome: Ok(control::Reply::Done) }).await.unwrap();
    assert_eq!(asked.await.unwrap(), Ok(control::Reply::Done));
    assert!(side.receive().await.unwrap().is_none());
}

#[tokio::test]
async fn each_connection_goes_to_the_request_that_asked_for_it() {
    let (link, mut side) = warden().await;
    let bob: Email = "bob@example.org".parse().unwrap();
    let opening = tokio::spawn({
        let (link, bob) = (link.clone(), bob.clone());
        async move { tokio::join!(link.open_control(ann(), true), link.open_control(bob, false)) }
    });
    let mut agents = Vec::new();
    // Both frames lie in the socket before the link reads, and the answers come in the other order.
    let requests = [next_request(&mut side).await, next_request(&mut side).await];
    for request in requests.into_iter().rev() {
        let (ours, theirs) = pair();
        side.send(&FromWarden::Staging { id: 0, copied: 1, total: 2 }).await.unwrap();
        hand_over(&side, request.id, &[ours.into()]).await;
        let name = match request.command {
            warden::Command::OpenControl { account } => account,
            warden::Command::FindControl { account } => account,
            other => unreachable!("{other:?}"),
        };
        agents.push(tokio::spawn(async move {
            let mut agent = AgentSide::answer(theirs).await.unwrap();
            let request = agent.receive().await.unwrap().unwrap();
            let outcome = Err(Failure::new(Code::NotFound, name.to_string()));
            agent.send(&FromAgent::Answer { id: request.id, outcome }).await.unwrap();
        }));
    }
    let (first, second) = opening.await.unwrap();
    for (link, name) in [(first.unwrap(), ann()), (second.unwrap(), bob)] {
        let failure = link.request(control::Command::Status).await.unwrap_err();
        assert_eq!(failure.message.shown(), name.to_string());
    }
    for agent in agents {
        agent.await.unwrap();
    }
}

#[tokio::test]
async fn a_control_answer_without_a_connection_is_a_failure() {
    let (link, mut side) = warden().await;
    let opening = tokio::spawn(async move { link.open_control(ann(), true).await.err() });
    let request = next_request(&mut side).await;
    let outcome = Ok(warden::Reply::Control);
    side.send(&FromWarden::Answer { id: request.id, outcome }).await.unwrap();
    assert_eq!(opening.await.unwrap().unwrap().code, Code::Internal);
}

#[tokio::test]
async fn more_connections_than_asked_for_end_the_link() {
    let (link, mut side) = warden().await;
    let opening = tokio::spawn(async move { link.open_control(ann(), true).await.err() });
    let request = next_request(&mut side).await;
    let several: Vec<OwnedFd> = (0..3).map(|_| pair().0.into()).collect();
    hand_over(&side, request.id, &several).await;
    let failure = opening.await.unwrap().unwrap();
    assert_eq!(failure.code, Code::Internal);
    assert!(side.receive().await.is_ok_and(|word| word.is_none()));
}

#[tokio::test]
async fn staging_reports_every_step_before_its_answer() {
    let (link, mut side) = warden().await;
    let staging = tokio::spawn(async move {
        let mut steps = Vec::new();
        let paths = vec![PathBuf::from("/tmp/a"), PathBuf::from("/tmp/b")];
        let reply = link
            .stage(ann(), paths, warden::Choice::default(), |done, total| steps.push((done, total)))
            .await;
        (reply, steps)
    });
    let request = next_request(&mut side).await;
    let warden::Command::Stage { paths, .. } = &request.command else { unreachable!("{request:?}") };
    assert_eq!(paths.len(), 2);
    for copied in [10, 20] {
        side.send(&FromWarden::Staging { id: request.id, copied, total: 20 }).await.unwrap();
    }
    let skipped = warden::Skipped::default();
    let staged = warden::Staged { stage: StageId([3; 16]), files: 2, folders: 1, bytes: 20, skipped };
    let outcome = Ok(warden::Reply::Staged(staged.clone()));
    side.send(&FromWarden::Answer { id: request.id, outcome }).await.unwrap();
    assert_eq!(staging.await.unwrap(), (Ok(staged), vec![(10, 20), (20, 20)]));
}

#[tokio::test]
async fn a_staging_that_nobody_waits_for_is_called_off() {
    let (link, mut side) = warden().await;
    let staging = tokio::spawn({
        let link = link.clone();
        async move { link.stage(ann(), vec![PathBuf::from("/tmp/a")], warden::Choice::default(), |_, _| {}).await }
    });
    let request = next_request(&mut side).await;
    staging.abort();
    assert_eq!(next_request(&mut side).await.command, warden::Command::CancelStage { id: request.id });
}

#[tokio::test]
async fn getting_an_image_tells_every_line_and_is_called_off_when_nobody_waits() {
    let source = || warden::ImageSource::Archive(airhatch_wire::Blob::from(b"/saved.tar".to_vec()));
    let (link, mut side) = warden().await;
    let getting = tokio::spawn({
        let link = link.clone();
        async move {
            let mut lines = Vec::new();
            let outcome = link.prepare_image(source(), |line| lines.push(line.shown())).await;
            (outcome, lines)
        }
    });
    let request = next_request(&mut side).await;
    assert_eq!(request.command, warden::Command::PrepareImage { source: source() });
    for line in ["Step 1/2", "Step 2/2"] {
        side.send(&FromWarden::Preparing { id: request.id, line: line.into() }).await.unwrap();
    }
    let failure = Failure::new(Code::DiskFull, "the container engine has no space left");
    side.send(&FromWarden::Answer { id: request.id, outcome: Err(failure.clone()) }).await.unwrap();
    let (outcome, lines) = getting.await.unwrap();
    assert_eq!((outcome, lines), (Err(failure), vec!["Step 1/2".to_owned(), "Step 2/2".to_owned()]));
    let getting = tokio::spawn(async move { link.prepare_image(source(), |_| {}).await });
    let request = next_request(&mut side).await;
    getting.abort();
    assert_eq!(next_request(&mut side).await.command, warden::Command::CancelPrepare { id: request.id });
}

#[tokio::test]
async fn an_ended_agent_and_an_ended_warden_are_told_to_every_listener() {
    let (link, mut side) = warden().await;
    let (mut one, mut two) = (link.events(), link.events());
    side.send(&FromWarden::AgentEnded { account: ann() }).await.unwrap();
    assert_eq!(one.recv().await, Some(WardenEvent::AgentEnded(ann())));
    assert_eq!(two.recv().await, Some(WardenEvent::AgentEnded(ann())));
    drop(side);
    assert!(matches!(one.recv().await, Some(WardenEvent::Closed(_))));
    assert!(link.request(warden::Command::Accounts).await.is_err());
    assert!(matches!(link.events().recv().await, Some(WardenEvent::Closed(_))));
}

#[tokio::test]
async fn finishing_waits_for_the_warden_to_end() {
    let (link, mut side) = warden().await;
    let finishing = tokio::spawn(link.finish(Duration::from_secs(20)));
    assert!(side.receive().await.unwrap().is_none(), "the warden sees the end of requests");
    assert!(!finishing.is_finished());
    drop(side);
    assert!(finishing.await.unwrap());
}
