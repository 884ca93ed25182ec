import { TeamOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import type { PickedMoment } from '#contract/meetings.ts';
import { useMay } from '../../app/session.tsx';
import { momentKey } from './picked-moments.ts';

/** From a moment to a meeting about it, for those who may convene one. `about` names it for those who do not see it. */
export function ConveneLink({
  moment,
  about,
  lineId,
}: {
  moment: PickedMoment;
  about: string;
  lineId: string;
}) {
  const { t } = useTranslation('meetings');
  const navigate = useNavigate();
  const convenes = useMay()('meetings.convene', { lineId });
  if (!convenes) return <span />;
  const label = t('conveneAbout', { title: about });
  return (
    <Button
      type="text"
      size="small"
      icon={<TeamOutlined />}
      aria-label={label}
      title={label}
      onClick={() => void navigate(`/meetings/new?moment=${momentKey(moment)}`)}
    />
  );
}
