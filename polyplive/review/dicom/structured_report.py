"""Findings as a DICOM structured report: TID 1500, a measurement group for each (PS3.16, "Measurement Report")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive import RESEARCH_NOTICE, __version__
from polyplive.review.decisions import Verdict
from polyplive.review.dicom import codes
from polyplive.review.dicom.study import equipment, new_uid
from polyplive.system.file_names import file_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyplive.review.dicom.captures import Capture
    from polyplive.review.dicom.study import SourceInstance, Study
    from polyplive.review.events_file import EventsSession
    from polyplive.review.tracks import Track

_LANGUAGE = ("RFC5646", "en-GB", "English (United Kingdom)")


def structured_report(
    session: EventsSession,
    tracks: Sequence[Track],
    verdicts: Mapping[int, Verdict],
    captured: Sequence[Capture],
    study: Study,
) -> Any:
    """The report as a data set. Each finding's group refers to its capture, and to the source's frame if there is one.

    It is never verified and never complete: nobody signs it.
    """
    import highdicom
    from highdicom import sr

    groups = [_group(session, track, verdicts, captured, study.source) for track in tracks]
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=_observer()),
        procedure_reported=codes.colonoscopy(),
        imaging_measurements=groups or None,
        title=codes.standard("DCM", "126000", "Imaging Measurement Report"),
        language_of_content_item_and_descendants=sr.LanguageOfContentItemAndDescendants(
            sr.CodedConcept(_LANGUAGE[1], _LANGUAGE[0], _LANGUAGE[2])
        ),
    )
    evidence = [one.dataset for one in captured]
    if study.source is not None:
        evidence.append(_reference(study.source))
    report = highdicom.sr.ComprehensiveSR(
        evidence=evidence,
        content=content[0],
        series_instance_uid=study.report_series,
        series_number=3,
        sop_instance_uid=new_uid(),
        instance_number=1,
        is_complete=False,
        is_verified=False,
        **equipment(),
    )
    report.SeriesDescription = "Findings"
    report.CompletionFlagDescription = RESEARCH_NOTICE
    report.StudyInstanceUID = study.uid
    return report


def _observer() -> Any:
    from highdicom import sr

    return sr.ObserverContext(
        observer_type=codes.standard("DCM", "121007", "Device"),
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=new_uid(), name="polyplive", manufacturer_name="polyplive", model_name=f"polyplive {__version__}"
        ),
    )


def _group(
    session: EventsSession,
    track: Track,
    verdicts: Mapping[int, Verdict],
    captured: Sequence[Capture],
    source: SourceInstance | None,
) -> Any:
    from highdicom import sr

    images = [
        sr.SourceImageForMeasurementGroup(str(one.dataset.SOPClassUID), str(one.dataset.SOPInstanceUID))
        for one in captured
        if track.number in one.keys
    ]
    if source is not None:
        frame = track.best.index + 1  # the standard counts frames from 1
        images.append(sr.SourceImageForMeasurementGroup(source.sop_class, source.instance, [frame]))
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=new_uid(), identifier=f"Polyp {track.number}"),
        finding_type=codes.polyp(),
        finding_sites=[sr.FindingSite(codes.colon())],
        algorithm_id=sr.AlgorithmIdentification(
            name=file_name(session.model),
            version=session.version,
            parameters=[f"model SHA-256 {session.model_sha256}", f"backend {session.backend}"],
        ),
        measurements=_measurements(track),
        qualitative_evaluations=[_verdict(verdicts.get(track.number, Verdict.UNSEEN))],
        source_images=images or None,
    )


def _measurements(track: Track) -> list[Any]:
    from highdicom import sr

    area = codes.standard("SCT", "42798000", "Area")
    values = (
        (codes.own("peak-score", "Peak score"), round(track.peak_score, 4), codes.ratio()),
        (codes.own("mean-score", "Mean score"), round(track.mean_score, 4), codes.ratio()),
        (codes.own("first-seen", "First seen, time of the video"), round(track.first_s, 3), codes.second()),
        (codes.own("last-seen", "Last seen, time of the video"), round(track.last_s, 3), codes.second()),
        (codes.own("in-view", "Time in view"), round(track.in_view_s, 3), codes.second()),
        (area, float(track.largest.area_px), codes.pixel()),
    )
    return [sr.Measurement(name=name, value=value, unit=unit) for name, value, unit in values]


def _verdict(verdict: Verdict) -> Any:
    from highdicom import sr

    words = {
        Verdict.UNSEEN: "Not judged by a person",
        Verdict.ACCEPTED: "Accepted by a person",
        Verdict.REJECTED: "Rejected by a person",
    }
    return sr.QualitativeEvaluation(
        name=codes.own("verdict", "Verdict of the review"), value=codes.own(verdict.value, words[verdict])
    )


def _reference(source: SourceInstance) -> Any:
    """The source's identifiers as the data set that evidence is made of."""
    from pydicom.dataset import Dataset

    found = Dataset()
    found.StudyInstanceUID, found.SeriesInstanceUID = source.study, source.series
    found.SOPInstanceUID, found.SOPClassUID = source.instance, source.sop_class
    return found
