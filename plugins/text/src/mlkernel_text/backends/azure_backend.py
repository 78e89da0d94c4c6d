"""Azure OpenAI: OpenAI's interface, where a model must be deployed before it answers."""

from __future__ import annotations

from attrs import evolve

from mlkernel import FineTuneJob, FineTuneRequest
from mlkernel_text.backends.azure_config import AzureConfig
from mlkernel_text.backends.azure_deployments import (
    DEPLOYMENT_PREFIX,
    AzureDeployments,
    deployment_name,
    is_ready,
)
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.backends.openai_backend import OpenAIBackend
from mlkernel_text.backends.openai_config import OpenAIConfig


class AzureBackend(OpenAIBackend):
    """Samples by deployments, and tunes the models behind them.

    What agents use, and what :meth:`ensure_servable` gives, is the name of a deployment. Training starts from the model
    behind it, which the management interface knows.
    """

    name = "azure"
    capabilities = evolve(OpenAIBackend.capabilities, deploy=True, tuned_names=DEPLOYMENT_PREFIX)

    def __init__(self, config: AzureConfig, context: BackendContext) -> None:
        self._azure = config
        self._deployments = AzureDeployments(config)
        super().__init__(
            OpenAIConfig(
                model=config.model,
                base_url=f"{config.endpoint.rstrip('/')}/openai/v1",
                api_key_env=config.api_key_env,
                timeout=config.timeout,
                extra_body=config.extra_body,
                token_limit=config.token_limit,
                prices=config.prices,
                methods=config.methods,
                find_by=config.find_by,
                min_rows=config.min_rows,
                tuned_names=DEPLOYMENT_PREFIX,
            ),
            context,
        )
        self.capabilities = evolve(self.capabilities, deploy=True)

    async def submit(self, request: FineTuneRequest, uploaded: str | None = None) -> FineTuneJob:
        """Create the job, from the model behind the deployment that the request names."""
        deployment = await self._deployments.find(request.model)
        start = request.model if deployment is None else deployment.model
        return await super().submit(evolve(request, model=start), uploaded)

    async def ensure_servable(self, model: str) -> str:
        """Deploy *model*, unless it is a deployment or has one.

        :raises ProviderError: ``rate_limit`` with the time to wait, as long as the deployment is being made.
        """
        deployment = await self._deployments.find(model)
        if deployment is None and model == self._azure.model:
            raise ProviderError(
                f"the resource {self._azure.account} has no deployment {model}", kind="not_found"
            )
        if deployment is None:
            name = deployment_name(model)
            deployment = await self._deployments.find(name) or await self._deployments.create(model)
        is_ready(deployment, self._azure.deploy_seconds)
        return deployment.name

    async def release(self, model: str) -> None:
        """Delete the deployment *model*, unless it was there before; the model behind it stays."""
        if self._azure.delete_released and model != self._azure.model:
            await self._deployments.delete(model)

    async def aclose(self) -> None:
        """Close connections."""
        await super().aclose()
        await self._deployments.aclose()
