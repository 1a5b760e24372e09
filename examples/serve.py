"""A forecaster as a web service.

    pip install fastapi uvicorn
    FORECASTER=city-model uvicorn --app-dir examples --factory serve:app

docs/serving.md describes requests and responses.
"""

import io
import os
from typing import Annotated, Optional

import pandas as pd
from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response

from basicts_elin import Forecaster
from basicts_elin.errors import UserError


async def table(request: Request) -> pd.DataFrame:
    """The table in the request body: CSV, or JSON with one object per row."""
    try:
        if "json" in request.headers.get("content-type", ""):
            return pd.DataFrame(await request.json())
        return pd.read_csv(io.BytesIO(await request.body()))
    except ValueError as error:
        raise UserError("body", f"{error}", "a table as CSV, or as JSON with one object per row") from error


Table = Annotated[pd.DataFrame, Depends(table)]
Levels = Annotated[Optional[list[float]], Query()]


def app() -> FastAPI:
    """A web service for the forecaster in the folder that the environment variable FORECASTER names."""
    forecaster, service = Forecaster.load(os.environ["FORECASTER"]), FastAPI()

    @service.get("/health")
    def health() -> dict:
        return {"status": "ok", "facts": forecaster.facts.json(), "metrics": forecaster.metrics}

    @service.post("/forecast")
    def forecast(recent: Table, level: Levels = None) -> Response:
        rows = forecaster.predict(recent, level=level).to_json(orient="records", date_format="iso")
        return Response(rows, media_type="application/json")

    @service.exception_handler(UserError)
    def refused(request: Request, error: UserError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, status_code=422)

    return service
