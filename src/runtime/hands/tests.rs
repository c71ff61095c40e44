//! The hands with a warden and an agent played by the test.

use airhatch_wire::control::{Event, FromAgent, LogLevel, Phase};
use airhatch_wire::link::Link;
use airhatch_wire::warden::FromWarden;
use airhatch_wire::{StageId, UnixMillis};
use tokio::sync::mpsc;

use super::*;
use crate::link::tests::{AgentSide, WardenSide, hand_over, next_request, pair, warden};
use crate::msg::Stage;
use crate::rehearsal::{account, email};

const ANN: &str = "ann@example.org";

struct World {
    hands: Hands,
    inbox: UnboundedReceiver<Msg>,
    warden: WardenSide,
}

async fn world() -> World {
    let (link, warden) = warden().await;
    let (post, inbox) = mpsc::unbounded_channel();
    World { hands: Hands::new(link, post), inbox, warden }
}

impl World {
    fn attach(&mut self, number: u32) {
        self.hands.perform(Effect::Attach(Ticket(number), Attachment(number), email(ANN)));
    }

    /// Hands over a connection for the attaching under way, and answers the agent's first question.
    async fn let_attach(&mut self) -> AgentSide {
        let request = next_request(&mut self.warden).await;
        assert_eq!(request.command, warden::Command::OpenControl { account: email(ANN) });
        let (theirs, ours) = pair();
        hand_over(&self.warden, request.id, &[theirs.into()]).await;
        let mut agent: AgentSide = Link::answer(ours).await.unwrap();
        let asked = agent.receive().await.unwrap().unwrap();
        assert_eq!(asked.command, Command::Status);
        answer(&mut agent, asked.id, Ok(Reply::Account(Box::new(account(Phase::Ready))))).await;
        agent
    }

    async fn attached(&mut self) -> AgentSide {
        self.attach(1);
        let agent = self.let_attach().await;
        let told = self.inbox.recv().await.unwrap();
        assert_eq!(told, Msg::Attached(Ticket(1), Ok(Box::new(account(Phase::Ready)))));
        agent
    }
}

async fn answer(agent: &mut AgentSide, id: u32, outcome: Result<Reply, Failure>) {
    agent.send(&FromAgent::Answer { id, outcome }).await.unwrap();
}

fn line(text: &str) -> Event {
    Event::Logged { at: UnixMillis(1), level: LogLevel::Info, text: text.into() }
}

#[tokio::test]
async fn what_is_asked_of_the_agent_is_answered_with_its_ticket() {
    let mut world = world().await;
    let mut agent = world.attached().await;
    world.hands.perform(Effect::Agent(Ticket(7), Command::Lock));
    let asked = agent.receive().await.unwrap().unwrap();
    assert_eq!(asked.command, Command::Lock);
    answer(&mut agent, asked.id, Ok(Reply::Done)).await;
    assert_eq!(world.inbox.recv().await, Some(Msg::Agent(Ticket(7), Ok(Reply::Done))));
}

#[tokio::test]
async fn everything_there_is_comes_before_the_answer_to_watching() {
    let mut world = world().await;
    let mut agent = world.attached().await;
    world.hands.perform(Effect::Watch(Ticket(2)));
    let asked = agent.receive().await.unwrap().unwrap();
    for text in ["one", "two"] {
        agent.send(&FromAgent::Event(line(text))).await.unwrap();
    }
    answer(&mut agent, asked.id, Ok(Reply::Done)).await;
    let told = |text| Msg::Event(Attachment(1), line(text));
    assert_eq!(world.inbox.recv().await, Some(told("one")));
    assert_eq!(world.inbox.recv().await, Some(told("two")));
    assert_eq!(world.inbox.recv().await, Some(Msg::Agent(Ticket(2), Ok(Reply::Done))));
    agent.send(&FromAgent::Event(line("three"))).await.unwrap();
    assert_eq!(world.inbox.recv().await, Some(told("three")));
    drop(agent);
    assert!(matches!(world.inbox.recv().await, Some(Msg::AgentClosed(Attachment(1), _))));
}

#[tokio::test]
async fn an_agent_that_comes_when_it_is_not_wanted_any_more_is_let_go() {
    let mut world = world().await;
    world.attach(1);
    world.hands.perform(Effect::Detach);
    let mut agent = world.let_attach().await;
    assert!(matches!(world.inbox.recv().await, Some(Msg::Attached(Ticket(1), Ok(_)))));
    assert_eq!(agent.receive().await.unwrap(), None, "the connection is closed");
    world.hands.perform(Effect::Agent(Ticket(3), Command::Status));
    let Some(Msg::Agent(Ticket(3), Err(failure))) = world.inbox.recv().await else {
        unreachable!("there is no agent to answer")
    };
    assert_eq!(failure.code, Code::AgentDown);
}

#[tokio::test]
async fn staging_tells_how_far_it_is_and_can_be_called_off() {
    let mut world = world().await;
    world.hands.perform(Effect::Stage(Ticket(4), email(ANN), vec!["/a".into()], warden::Choice::default()));
    let staging = next_request(&mut world.warden).await;
    let progress = FromWarden::Staging { id: staging.id, copied: 3, total: 9 };
    world.warden.send(&progress).await.unwrap();
    assert_eq!(world.inbox.recv().await, Some(Msg::Staging { ticket: Ticket(4), copied: 3, total: 9 }));
    world.hands.perform(Effect::CancelStage(Ticket(4)));
    assert!(matches!(world.inbox.recv().await, Some(Msg::Staged(Ticket(4), Err(_)))));
    let request = next_request(&mut world.warden).await;
    assert_eq!(request.command, warden::Command::CancelStage { id: staging.id });
}

#[tokio::test]
async fn staged_files_are_told_and_cannot_be_called_off_any_more() {
    let mut world = world().await;
    world.hands.perform(Effect::Stage(Ticket(4), email(ANN), vec!["/a".into()], warden::Choice::default()));
    let staging = next_request(&mut world.warden).await;
    let reply = warden::Reply::Staged(warden::Staged {
        stage: StageId([1; 16]),
        files: 1,
        folders: 0,
        bytes: 9,
        skipped: warden::Skipped::default(),
    });
    let outcome = FromWarden::Answer { id: staging.id, outcome: Ok(reply) };
    world.warden.send(&outcome).await.unwrap();
    let staged = Stage {
        stage: StageId([1; 16]),
        files: 1,
        folders: 0,
        bytes: 9,
        skipped: warden::Skipped::default(),
    };
    assert_eq!(world.inbox.recv().await, Some(Msg::Staged(Ticket(4), Ok(staged))));
}

#[tokio::test]
async fn a_warden_that_ends_is_told() {
    let World { hands, mut inbox, warden } = world().await;
    hands.listen_to_warden();
    drop(warden);
    assert!(matches!(inbox.recv().await, Some(Msg::WardenClosed(_))));
}

#[tokio::test]
async fn what_the_warden_refuses_is_told_with_its_ticket() {
    let mut world = world().await;
    world.hands.perform(Effect::Warden(Ticket(5), warden::Command::Accounts));
    let request = next_request(&mut world.warden).await;
    let refused = Failure::new(Code::Internal, "no");
    let outcome = FromWarden::Answer { id: request.id, outcome: Err(refused.clone()) };
    world.warden.send(&outcome).await.unwrap();
    assert_eq!(world.inbox.recv().await, Some(Msg::Warden(Ticket(5), Err(refused))));
}

#[tokio::test]
async fn an_image_that_is_got_is_told_line_by_line_and_can_be_called_off() {
    let mut world = world().await;
    let source = warden::ImageSource::Sources(airhatch_wire::Blob::from(b"/sources".to_vec()));
    world.hands.perform(Effect::Prepare(Ticket(1), source.clone()));
    let request = next_request(&mut world.warden).await;
    assert_eq!(request.command, warden::Command::PrepareImage { source });
    let line = FromWarden::Preparing { id: request.id, line: "Step 1/2".into() };
    world.warden.send(&line).await.unwrap();
    assert_eq!(world.inbox.recv().await.unwrap(), Msg::Preparing(Ticket(1), "Step 1/2".into()));
    world.hands.perform(Effect::CancelPrepare(Ticket(1)));
    let called_off = |failure: &Failure| failure.code == Code::Cancelled;
    let told = world.inbox.recv().await.unwrap();
    assert!(matches!(&told, Msg::Warden(Ticket(1), Err(failure)) if called_off(failure)), "{told:?}");
    let told = next_request(&mut world.warden).await.command;
    assert_eq!(told, warden::Command::CancelPrepare { id: request.id });
}
