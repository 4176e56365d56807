"""Exports of a Trace in the forms of others: PROV-O (``prov``) and EmotionML (``emotionml``)."""
