use std::collections::VecDeque;
use std::time::Duration;

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
    /// Requests that runtime threads have, with the processor time that they still need.
    answering: Vec<(Request, f64)>,
    /// Requests that wait for a runtime thread.
    arriving: VecDeque<Request>,
    computing: Vec<Computing>,
    queue: VecDeque<Image>,
    load: Load,
    outcome: Outcome,
}

struct Computing {
    image: Image,
    threads: u32,
    began: f64,
    /// Time that it would still take alone on the machine, s.
    remaining: f64,
    /// How fast that passes now.
    speed: f64,
}

/// What happens next.
#[derive(Clone, Copy)]
enum Event {
    Arrival,
    Answered(usize),
    Computed(usize),
    Expired(usize),
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
            answering: Vec::new(),
            arriving: VecDeque::new(),
            computing: Vec::new(),
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
                Event::Answered(index) => self.answered(index),
                Event::Computed(index) => self.computed(index, true),
                Event::Expired(index) => self.computed(index, false),
            }
        }
        self.outcome.sort();
        self.outcome
    }

    /// What comes first, and after how long: the next arrival, or the end of something. Sets the speeds.
    fn next_event(&mut self, arrival: f64) -> (f64, Event) {
        let threads = self.computing_threads();
        let processors = &self.scenario.processors;
        let speeds = processors.speeds(self.answering.len(), threads);
        let mut first = (arrival.max(0.0), Event::Arrival);
        let mut earlier = |after: f64, event: Event| {
            if after < first.0 {
                first = (after, event);
            }
        };
        for (index, (_, remaining)) in self.answering.iter().enumerate() {
            earlier(remaining / speeds.answering, Event::Answered(index));
        }
        let deadline = self.scenario.policy.deadline.as_secs_f64();
        for (index, computing) in self.computing.iter_mut().enumerate() {
            computing.speed = speeds.computing * processors.slowing(computing.threads, speeds.busy);
            earlier(computing.remaining / computing.speed, Event::Computed(index));
            earlier((computing.image.admitted + deadline - self.now).max(0.0), Event::Expired(index));
        }
        self.outcome.speeds = speeds.busy;
        for (_, remaining) in &mut self.answering {
            *remaining -= speeds.answering * first.0;
        }
        first
    }

    /// Time passes.
    fn pass(&mut self, after: f64, counts: bool) {
        self.now += after;
        for computing in &mut self.computing {
            computing.remaining -= computing.speed * after;
        }
        self.outcome.passed(after, &self.load, counts);
    }

    fn computing_threads(&self) -> usize {
        self.computing.iter().map(|computing| computing.threads as usize).sum()
    }

    fn arrive(&mut self, mut request: Request) {
        let delays = &self.scenario.request_delay;
        if let Some(delays) = delays.get(self.computing_threads()).or(delays.last()) {
            request.delay = delays.quantile(request.delay_share);
        }
        if self.answering.len() < self.scenario.runtime_threads {
            self.answering.push((request, self.scenario.request_cpu));
        } else {
            self.arriving.push_back(request);
        }
    }

    /// A request was received and looked up.
    fn answered(&mut self, index: usize) {
        let (request, _) = self.answering.swap_remove(index);
        if let Some(waiting) = self.arriving.pop_front() {
            self.answering.push((waiting, self.scenario.request_cpu));
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
            self.outcome.refuse(&request, refused.reason);
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
            let remaining = service.time(threads, image.request.service_share);
            self.computing.push(Computing { image, threads, began: self.now, remaining, speed: 0.0 });
        }
    }

    /// An image was computed, or its deadline passed.
    fn computed(&mut self, index: usize, in_time: bool) {
        let Computing { image, threads, began, .. } = self.computing.swap_remove(index);
        self.load.running -= 1;
        self.load.pixels -= image.pixels;
        self.load.works.remove(image.work);
        if in_time {
            let took = Duration::try_from_secs_f64((self.now - began) * f64::from(threads));
            self.load.pace.measured(image.work, took.unwrap_or(Duration::MAX));
            self.outcome.miss(&image.request, self.now);
        } else {
            self.outcome.expire(&image.request);
        }
        self.begin();
    }
}
