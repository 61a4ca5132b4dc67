"""The page: the parts put together, and one run at a time.

All widgets are touched by the kernel's own thread only. While a run goes on, or one pass paints what is
chosen, a task of the kernel's event loop looks at it a few times a second and shows what has changed.
"""

from __future__ import annotations

import asyncio
import atexit
import importlib
import os
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import ipywidgets

from . import display, gallery
from .controls import Controls, Results
from .filming import FilmOrder
from .films import MOST_FILM_BYTES, Films
from .job import Job, Painter, sentence
from .order import Order
from .picking import Picker, explain, group
from .pictures import MOST_BYTES, MOST_BYTES_IN_A_NOTEBOOK
from .placing import Placing
from .preview import Ahead, Glance, load_engine
from .screen import Screen
from .settings import NETWORKS, Settings

VISITOR = "HTTP_X_NST_VISITOR"  # variable in which `server` names the visitor to the page's kernel
LOOK_EVERY = 0.25  # seconds between two looks at a run
READ_FOR = 8.0  # seconds that a complaint is shown at least, whatever succeeds meanwhile
FAREWELL = 6.0  # seconds that a run may take to end when its page is gone; `server` gives the kernel more
LATE = (2, 4, 8, 8)  # seconds between the looks of a new page for what the run of an earlier one leaves
USUAL_PHOTO, USUAL_STYLE = "cat", "swirls"
PAINT, PAINT_FILM = "Paint with care", "Paint the film"


class Studio(ipywidgets.VBox):
    """Choose a photo and a style, paint, compare, keep: the widget of `nst studio`, for any notebook.

        nst.Studio()

    Results are kept in `gallery.root()`. In `nst studio` each visitor has a gallery of their own; a notebook
    shows the one of this computer's user.

    Attributes:
        photo_picker, style_picker, placing, controls, results: what is operated, see `controls`.
        screen: what is shown large, `stage` among it.
        job: the run that goes on, or None.
        ahead: what paints the present choices in one pass.
    """

    def __init__(self) -> None:
        visitor = os.environ.get(VISITOR)
        most_bytes = MOST_BYTES if visitor else MOST_BYTES_IN_A_NOTEBOOK
        self.gallery = gallery.of_visitor(visitor)
        self._painter = Painter()
        self.job: Job | None = None
        self._order: Order | None = None
        self._discard = False
        self._saving = False  # whether the page downloads the result that is shown next
        self.ahead = Ahead(self._chosen_now, self._glance, self._in_the_loop)
        self._tasks: set[asyncio.Task[None]] = set()
        self._complained = 0.0
        self.screen = Screen()
        self.stage = self.screen.stage
        self.status, self.alert = ipywidgets.HTML(display.message("")), ipywidgets.HTML()
        self.bar = ipywidgets.FloatProgress(min=0.0, max=1.0)
        self.bar.add_class("nst-progress")
        films = Films(MOST_FILM_BYTES if visitor else most_bytes)
        self.photo_picker = Picker(
            "photo", USUAL_PHOTO, most_bytes=most_bytes, complain=self._complain, films=films
        )
        self.style_picker = Picker("style", USUAL_STYLE, most_bytes=most_bytes, complain=self._complain)
        self.placing = Placing(self.photo_picker, self.style_picker, self._complain)
        self.controls = Controls(self.placing.box)
        self.generate_button = ipywidgets.Button(description=PAINT)
        self.generate_button.add_class("nst-primary")
        self.keep_button = ipywidgets.Button(description="Keep this one")
        explain(self.keep_button, "The first look at full size, into the results and as a download")
        self.stop_button = ipywidgets.Button(description="Stop")
        self.reset_button = ipywidgets.Button(description="Reset")
        self.results = Results(self.gallery, show=self._show, again=self._again, complain=self._complain)
        self.generate_button.on_click(lambda _: self.generate())
        self.keep_button.on_click(lambda _: self.keep())
        self.stop_button.on_click(lambda _: self.stop())
        self.reset_button.on_click(lambda _: self.reset())
        for picker in (self.photo_picker, self.style_picker):
            picker.listeners.append(self._chose)
        for part in (self.placing, self.controls):
            part.listeners.append(self._changed)
        super().__init__(self._layout())
        self.add_class("nst-studio")
        self._busy(False)
        self.screen.draw(self._waiting())
        self._in_the_loop(self._warm_up)
        self._in_the_loop(self._look_for_late_results)

    def _layout(self) -> list[ipywidgets.Widget]:
        actions = ipywidgets.HBox(
            [self.generate_button, self.keep_button, self.stop_button, self.reset_button]
        )
        actions.add_class("nst-actions")
        run = group("run", self.alert, actions, self.bar, self.status)
        left = group("left", self.photo_picker.box, self.style_picker.box, run, self.controls.box)
        show = group("show", self.screen.video, self.stage, self.results.actions)
        right = group("right", show, self.results.box)
        columns = ipywidgets.Box([left, right])
        columns.add_class("nst-columns")
        served = VISITOR in os.environ  # by `nst studio`, whose page has the letters from its beginning
        look = ipywidgets.HTML(display.stylesheet(with_letters=not served) + display.behaviour())
        return [look, columns]

    # --- what the buttons do ----------------------------------------------------------------------------

    def generate(self) -> None:
        """Start a run with what is chosen; nothing happens while one goes on."""
        self._start(once=False)

    def keep(self) -> None:
        """Put what one pass makes of the choices into the gallery, at its full size, and download it."""
        self._start(once=True)

    def _start(self, *, once: bool) -> None:
        if self.job is not None:
            return
        try:
            order = replace(self._chosen_now(), once=once)
            job = order.start(self._painter)
        except ValueError as error:
            self._complain(str(error))
            return
        self._order, self._discard = order, False
        self._complain("")
        self.results.unchoose()
        self.ahead.rest()
        if not once:
            self.screen.begin(order.beginning(self.ahead.painting(order)))
        self.job = job
        atexit.register(self.farewell)
        self._busy(True)
        self.tick()
        self._in_the_loop(self._follow)

    def stop(self) -> None:
        """End the run after the step it is at; its best picture so far becomes a result."""
        if self.job is not None:
            self.job.stop()
            self.stop_button.disabled = True
            self.tick()

    def reset(self) -> None:
        """Everything back to its default; uploads are dropped, and a run is ended without a result."""
        self._discard = True
        self.stop()
        self.photo_picker.reset()
        self.style_picker.reset()
        self.placing.reset()
        self.controls.value = Settings()
        self.results.unchoose()
        self.screen.draw(self._waiting())
        self._complain("")
        self._say("" if self.job is None else "Stopping after the step it is at.")

    # --- a run ------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Look at the run, and show what has changed. The kernel's event loop calls it; tests may."""
        job, order = self.job, self._order
        if job is None or order is None:
            return
        if not job.running:
            self.job = None
            atexit.unregister(self.farewell)
            self._busy(False)
            self._finish(job, order)
            return
        sight = job.look()
        self.bar.value = sight.share
        self.status.value = display.message(order.line(job), spoken=False)
        if not self._discard:
            self.screen.follow(order, sight)

    def farewell(self) -> None:
        """Keep what was painted so far when the kernel ends: its page was closed or loaded again.

        Touches no widget: there is nobody to show anything to.
        """
        job, order = self.job, self._order
        if job is None or order is None or self._discard or job.look().size is None:
            return
        job.stop()
        job.wait(FAREWELL)
        if job.result is not None:
            self._store(job.result, order, order.record(job.result, left=True))

    def _finish(self, job: Job, order: Order) -> None:
        if time.monotonic() - self._complained > READ_FOR:
            self._complain("")
        if self._discard:
            self._say("")
        elif job.error:
            self._look_ahead()
            self._complain(job.error)
        elif job.result is None:
            self._look_ahead()
            self._say("Stopped before anything was painted.")
        else:
            try:
                self._keep(job.result, order)
            except Exception as error:  # the page has to stay usable whatever happens
                self._complain(sentence(error))

    def _keep(self, result: Any, order: Order) -> None:
        """Show a result, and put it into the gallery."""
        record = order.record(result)
        done = f"{record.outcome.capitalize()}, in {display.duration(result.seconds)}."
        done += order.remark(result)
        try:
            entry = self._store(result, order, record)
        except OSError as error:
            self.screen.present(gallery.Entry("", record), order.files(result, record))
            self._complain(f"{error} The result is not in the gallery: download it now.")
            return
        self._say(done)
        self._saving = order.once
        self.results.refresh(entry.key)
        self._saving = False

    def _store(self, result: Any, order: Order, record: gallery.Record) -> gallery.Entry:
        """Put a result into the gallery.

        Raises:
            OSError: it cannot be written.
        """
        files = order.files(result, record)
        return self.gallery.add(files.png, files.photo or b"", record, files.film)

    def _again(self, entry: gallery.Entry) -> None:
        """Take over the choices that made a result, as far as its pictures are here."""
        record, missing = entry.record, []
        self._complain("")
        self.controls.value = record.settings
        if not self.photo_picker.choose(record.photo, record.photo_origin):
            missing.append(record.photo)
        if not self.style_picker.choose(record.style, record.style_origin):
            missing.append(record.style)
        missing += [name for name in self.placing.restore(record.styling) if name not in missing]
        files = " and ".join(missing)
        self._say(f"The settings are set, but {files} must be uploaded again." if files else "")

    # --- what is shown ----------------------------------------------------------------------------------

    def _chose(self) -> None:
        """Another picture was chosen, or is offered."""
        self._complain("")
        self._changed()

    def _changed(self) -> None:
        """Something else is chosen: the stage shows that, and no earlier result."""
        self._offer()
        if self.job is not None:
            return
        self._complain("")
        if self.results.value is None:
            self._look_ahead()
        else:
            self.results.unchoose()  # which comes to the same

    def _chosen_now(self) -> Order:
        """Everything that is chosen.

        Raises:
            ValueError: something is missing, in one sentence.
        """
        photo, style = self.photo_picker.value, self.style_picker.value
        if photo is None or style is None:
            raise ValueError("There is no picture to choose from: upload a photo and a style.")
        kind = FilmOrder if photo.moves else Order
        return kind(photo, style, self.controls.value, self.placing.value)

    def _look_ahead(self) -> None:
        """The stage shows the choices: as pictures that wait at first, and then as one pass paints them."""
        if not self.ahead.live:
            self.screen.draw(self._waiting())
        self.ahead.look()

    def _glance(self, glance: Glance | None) -> None:
        """What one pass made comes to the stage; None when the choices are not complete."""
        if glance is None or glance.image is None:
            self.screen.draw(self._waiting())
            self._complain(glance.error if glance else "")
        else:
            order = glance.order
            shown = display.glance(glance.image, order.title, order.settings.size, film=order.photo.moves)
            self.screen.draw(shown)

    def _waiting(self) -> str:
        """The stage before a run."""
        photo, style = self.photo_picker.value, self.style_picker.value
        if photo is None or style is None:
            return display.hint()
        usual = (photo.source, style.source) == (USUAL_PHOTO, USUAL_STYLE)
        return display.example(photo, style) if usual else display.waiting(photo, style)

    def _show(self, entry: gallery.Entry | None) -> None:
        """A result on the stage."""
        if entry is None:
            if self.job is None:
                self._look_ahead()
            return
        self.ahead.rest()
        try:
            files = self.gallery.files(entry)
        except OSError:
            self._complain("This result is no longer there; perhaps it was deleted on another page.")
            self.results.refresh()
            return
        self.screen.present(entry, files, save=self._saving)

    def _offer(self) -> None:
        """Offer what suits what is chosen: of a film, no single picture is kept."""
        photo = self.photo_picker.value
        film = photo is not None and photo.moves
        self.generate_button.description = PAINT_FILM if film else PAINT
        self.controls.suit(film=film)
        self.keep_button.layout.display = "none" if film or self.job is not None else ""

    def _busy(self, busy: bool) -> None:
        self.generate_button.disabled = self.keep_button.disabled = busy
        self.stop_button.disabled = not busy
        self._offer()
        self.stop_button.layout.display = "" if busy else "none"
        self.results.disabled = busy
        self.bar.value = 0.0
        self.bar.layout.visibility = "visible" if busy else "hidden"
        (self.add_class if busy else self.remove_class)(
            "nst-running"
        )  # a page that has it asks before it goes

    def _say(self, text: str) -> None:
        self.status.value = display.message(text)

    def _complain(self, text: str) -> None:
        """Apart from the status, which a run writes several times a second."""
        self.alert.value, self._complained = display.alert(text), time.monotonic()
        if text and self.job is None:
            self._say("")

    # --- the kernel's event loop ------------------------------------------------------------------------

    def _in_the_loop(self, work: Any) -> None:
        """Run a coroutine beside the kernel's other work; outside a kernel there is no loop, and no page."""
        with suppress(RuntimeError):
            loop = asyncio.get_running_loop()
            task = loop.create_task(work())
            self._tasks.add(task)  # the loop itself keeps weak references only
            task.add_done_callback(self._tasks.discard)

    async def _follow(self) -> None:
        """Look at the run until it has ended."""
        while self.job is not None:
            await asyncio.sleep(LOOK_EVERY)
            try:
                self.tick()
            except Exception as error:  # or nobody would notice the end of the run
                self._complain(sentence(error))

    async def _warm_up(self) -> None:
        """Load Keras while pictures are being chosen, and then say which networks are here."""
        loop = asyncio.get_running_loop()
        with suppress(Exception):  # the run will say it
            await loop.run_in_executor(None, load_engine)
            found = importlib.import_module("nstlib.networks")
            here = {name: found.weights_path(found.PLANS[name]).is_file() for name in NETWORKS}
            self.ahead.ready = True
            self.controls.tell_networks(here)
            if self.job is None and self.results.value is None:
                self._look_ahead()

    async def _look_for_late_results(self) -> None:
        """What the run of a page that was closed or loaded again leaves may come after this page opened."""
        for seconds in LATE:
            await asyncio.sleep(seconds)
            if self.job is None:
                self.results.refresh_if_others_came()
