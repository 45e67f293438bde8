use std::collections::VecDeque;
use std::time::Duration;

use super::computing::{Computing, Running};
use super::request::{Image, Request, Source};
use super::service::Service;
use super::{Outcome, Scenario};
use crate::admission::{Load, Work};

/// An instance of the service, at a moment.
pub(super) struct Instance<'a> {
    scenario: &'a Scenario,
    source: Source<'a>,
    /// Of each class of pictures.
    services: Vec<Service>,
    now: f64,
    /// Requests that runtime threads have. Each takes as long as another and goes as fast: they end in the order in which they came.
    answering: VecDeque<Answering>,
    /// Processor time that each of them has had since the beginning, s.
    answering_done: f64,
    /// How fast that grows now.
    answering_speed: f64,
    /// Requests that wait for a runtime thread.
    arriving: VecDeque<Request>,
    computing: Computing,
    queue: VecDeque<Image>,
    load: Load,
    outcome: Outcome,
}

struct Answering {
    request: Request,
    /// What `answering_done` is when it ends.
    ends_at: f64,
}

/// What happens next.
#[derive(Clone, Copy)]
enum Event {
    Arrival,
    Answered,
    Computed,
    Expired,
}

impl<'a> Instance<'a> {
    pub(super) fn new(scenario: &'a Scenario) -> Self {
        Self {
            scenario,
            source: Source::new(scenario),
            services: scenario
                .pictures
                .iter()
                .map(|class| Service::new(class, scenario.within_picture))
                .collect(),
            now: 0.0,
            answering: VecDeque::new(),
            answering_done: 0.0,
            answering_speed: 0.0,
            arriving: VecDeque::new(),
            computing: Computing::default(),
            queue: VecDeque::new(),
            load: Load::NONE,
            outcome: Outcome::default(),
        }
    }

    pub(super) fn run(mut self) -> Outcome {
        let mut next = self.source.next();
        // After the last has come, what is there is finished, but the time no longer counts.
        loop {
            let arrival = next.map_or(f64::INFINITY, |request| request.arrived - self.now);
            let counts = next.is_some_and(|request| request.counts);
            let (after, event) = self.next_event(arrival);
            if after.is_infinite() {
                break;
            }
            self.pass(after, counts);
            match event {
                Event::Arrival => {
                    if let Some(request) = next {
                        self.arrive(request);
                    }
                    next = self.source.next();
                }
                Event::Answered => self.answered(),
                Event::Computed => self.computed(),
                Event::Expired => self.expired(),
            }
        }
        self.outcome.sort();
        self.outcome
    }

    /// What comes first, and after how long: the next arrival, or the end of something. Sets the speeds.
    fn next_event(&mut self, arrival: f64) -> (f64, Event) {
        let processors = &self.scenario.processors;
        let speeds = processors.speeds(self.answering.len(), self.computing.threads());
        (self.outcome.speeds, self.answering_speed) = (speeds.busy, speeds.answering);
        let deadline = self.scenario.policy.deadline.as_secs_f64();
        let ends_at = self.answering.front().map_or(f64::INFINITY, |answering| answering.ends_at);
        let admitted = self.computing.first_admitted().unwrap_or(f64::INFINITY);
        [
            ((ends_at - self.answering_done) / speeds.answering, Event::Answered),
            (self.computing.set_speeds(speeds, processors), Event::Computed),
            (admitted + deadline - self.now, Event::Expired),
        ]
        .into_iter()
        .fold((arrival.max(0.0), Event::Arrival), |first, (after, event)| {
            if after < first.0 { (after.max(0.0), event) } else { first }
        })
    }

    /// Time passes.
    fn pass(&mut self, after: f64, counts: bool) {
        self.now += after;
        self.answering_done += self.answering_speed * after;
        self.computing.pass(after);
        self.outcome.passed(after, &self.load, counts);
    }

    fn arrive(&mut self, mut request: Request) {
        let delays = &self.scenario.request_delay;
        if let Some(delays) = delays.get(self.computing.threads()).or(delays.last()) {
            request.delay = delays.quantile(request.delay_share);
        }
        if self.answering.len() < self.scenario.runtime_threads {
            self.answer(request);
        } else {
            self.arriving.push_back(request);
        }
    }

    /// A runtime thread takes a request.
    fn answer(&mut self, request: Request) {
        let ends_at = self.answering_done + self.scenario.request_cpu;
        self.answering.push_back(Answering { request, ends_at });
    }

    /// A request was received and looked up.
    fn answered(&mut self) {
        let Some(Answering { request, .. }) = self.answering.pop_front() else { return };
        if let Some(waiting) = self.arriving.pop_front() {
            self.answer(waiting);
        }
        match request.picture {
            Some(picture) => self.submit(request, picture),
            None => self.outcome.hit(&request, self.now),
        }
    }

    fn submit(&mut self, request: Request, picture: usize) {
        let Some(class) = self.scenario.pictures.get(picture) else { return };
        let (pixels, work) = (class.pixels, Work::units(class.pixels as f64));
        if let Err(refused) = self.scenario.policy.admit(&self.load, pixels, work) {
            self.outcome.refuse(&request, refused.reason());
            return;
        }
        self.load.queued += 1;
        self.load.pixels += pixels;
        self.load.works.add(work);
        self.queue.push_back(Image { request, picture, pixels, work, admitted: self.now });
        self.begin();
    }

    /// Threads that have no image take those that wait.
    fn begin(&mut self) {
        while self.load.running < self.scenario.policy.threads.get() {
            let Some(image) = self.queue.pop_front() else { return };
            self.load.queued -= 1;
            let threads = self.scenario.policy.threads_for_next(&self.load).get();
            self.load.running += 1;
            let threads = u32::try_from(threads).unwrap_or(u32::MAX);
            let Some(service) = self.services.get(image.picture) else { return };
            let alone = service.time(threads, image.request.service_share);
            self.computing.begin(image, threads, alone, self.now);
        }
    }

    /// The image that is the first to end was computed.
    fn computed(&mut self) {
        let Some(Running { image, threads, began, .. }) = self.computing.take_done() else { return };
        let took = Duration::try_from_secs_f64((self.now - began) * f64::from(threads));
        self.load.pace.measured(image.work, took.unwrap_or(Duration::MAX));
        self.outcome.miss(&image.request, self.now);
        self.ended(&image);
    }

    /// The deadline of the image that has been there the longest has passed.
    fn expired(&mut self) {
        let Some(Running { image, .. }) = self.computing.take_first_admitted() else { return };
        self.outcome.expire(&image.request);
        self.ended(&image);
    }

    /// An image leaves its threads to others.
    fn ended(&mut self, image: &Image) {
        self.load.running -= 1;
        self.load.pixels -= image.pixels;
        self.load.works.remove(image.work);
        self.begin();
    }
}
