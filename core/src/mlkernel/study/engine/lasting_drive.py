"""One driver's work on a study, over as many connections to its store as it takes."""

from __future__ import annotations

from mlkernel.run.stop_request import StopRequest
from mlkernel.study.engine.driver_lock import DriverLock
from mlkernel.study.engine.milestones import Milestones
from mlkernel.study.engine.outages import Outages
from mlkernel.study.engine.study_drive import StudyDrive
from mlkernel.study.engine.study_listeners import study_listeners
from mlkernel.study.engine.study_notices import StudyDisplay, StudyNotices
from mlkernel.study.engine.study_outcome import StudyOutcome
from mlkernel.study.store.database import ConnectionLostError
from mlkernel.study.store.records import SILENT_SECONDS
from mlkernel.study.store.store_url import scheme
from mlkernel.study.store.study_store import StudyStore
from mlkernel.study.study_directory import StudyDirectory


class LastingDrive:
    """Drives a study whose lock it holds.

    What a driver knows may not be what the store has kept when the connection to it was lost. So it forgets everything
    then, and goes on as a driver does that follows one which was killed: from what the store tells, with the workers
    that are there.
    """

    def __init__(
        self,
        directory: StudyDirectory,
        store: StudyStore,
        lock: DriverLock,
        display: StudyDisplay,
        stop: StopRequest,
    ) -> None:
        self._directory, self._store, self._lock, self._stop = directory, store, lock, stop
        self._shared = scheme(directory.location()) is not None
        self._notices = StudyNotices(directory.name, display, study_listeners())
        self._outages = Outages(store, directory.name, display, stop)
        self._past = Milestones()

    def to_end(self) -> StudyOutcome:
        """Drive until the study is over, or asked to stop.

        :raises ConnectionLostError: the store stays out of reach.
        """
        try:
            while True:
                outcome = self._over_one_connection()
                if outcome is not None:
                    return outcome
        finally:
            self._notices.display.close()

    def _over_one_connection(self) -> StudyOutcome | None:
        """``None`` if it was lost, and the store is there again."""
        drive = None
        try:
            self._follow_former_drivers()
            drive = StudyDrive(
                self._directory,
                self._store,
                self._lock.driver,
                self._notices,
                self._past,
                shared=self._shared,
            )
            return drive.to_end(self._stop)
        except ConnectionLostError as lost:
            self._sit_out(lost, drive)
            return None
        finally:
            if drive is not None:
                drive.close()

    def _follow_former_drivers(self) -> None:
        """Let the runs wait of whoever drove here before, and this driver itself may be the one."""
        study = self._directory.name
        if self._shared:
            former = [self._lock.before, self._lock.driver]
        else:
            former = [driver.name for driver in self._store.drivers(study)]
        for driver in filter(None, former):
            self._store.leave(study, driver)
        self._store.take_over(study, SILENT_SECONDS)

    def _sit_out(self, lost: ConnectionLostError, drive: StudyDrive | None) -> None:
        """Wait for the store while the workers, which do not need it, go on."""
        try:
            self._outages.sit_out(lost, drive and drive.standing)
        except ConnectionLostError:
            if drive is not None:
                drive.give_up()
            raise
